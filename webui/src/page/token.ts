/** The own API tokens: made, shown once, revoked. */
import { call, post, Refusal } from "../api";
import { all, the } from "../element";
import { attempt, confirmed } from "../notice";
import { showOnce } from "../once";
import "../shell";
import { onSubmit, said } from "../submit";
import { t } from "../text";

const form = the<HTMLFormElement>("#token");
const areas = the("#areas");
const second = the("#second");
const DAY_MS = 86_400_000;

const may = (): string => the<HTMLInputElement>("[name=may]:checked", form).value;

/** What the boxes say, as the API calls it. */
function scopes(): string[] {
  if (may()) return [may()];
  return all<HTMLSelectElement>("select", areas).filter(({ value }) => value).map(({ dataset, value }) => `${dataset.area ?? ""}:${value}`);
}

function follow(): void {
  areas.hidden = may() !== "";
}
form.addEventListener("change", follow);
follow();

onSubmit(form, said(), async () => {
  const data = new FormData(form);
  const days = Number(data.get("days"));
  try {
    const { token } = await post<{ token: string }>("/auth/tokens", {
      name: String(data.get("name")).trim(), scopes: scopes(), expires_at: days ? new Date(Date.now() + days * DAY_MS).toISOString() : null,
      password: data.get("password") || null, totp: String(data.get("totp")).replaceAll(" ", "") || null,
    });
    form.reset();
    follow();
    await showOnce(t("made_token"), t("made_token_lead"), [{ label: t("token_value"), text: token }]);
    location.reload();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.code.startsWith("auth.totp_")) {
      second.hidden = false;
      the("#totp").focus();
    }
    const wrong = error.code === "auth.invalid_credentials";
    throw wrong ? new Refusal(error.status, "web.password_wrong", { field: "password" }) : error;
  }
}, "");

for (const row of all("[data-token]")) {
  row.querySelector("[data-do=revoke]")?.addEventListener("click", () => void (async () => {
    const name = the("[data-name]", row).textContent ?? "";
    if (!await confirmed(t("revoke_question", { name }), t("revoke"), t("revoke_detail"))) return;
    await attempt(async () => {
      await call("DELETE", `/auth/tokens/${row.dataset.token ?? ""}`);
      location.reload();
    }, said());
  })());
}
