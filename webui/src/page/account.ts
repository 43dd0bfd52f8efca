/** The own preferences, second factor and sessions. */
import { call, post } from "../api";
import { all, first, h, the } from "../element";
import { attempt } from "../notice";
import { qrCode } from "../qr";
import "../shell";
import { t } from "../text";

type Preference = Record<"language" | "theme" | "time_zone", string | null>;

const said = the("#said");
const { preference } = first<{ preference: Preference }>();
const form = the<HTMLFormElement>("#preference");
for (const [name, value] of Object.entries(preference)) the<HTMLInputElement>(`[name=${name}]`, form).value = value ?? (name === "theme" ? "system" : "");
the("#zones").append(...Intl.supportedValuesOf("timeZone").map((zone) => h("option", { value: zone })));

function onSubmit(form: HTMLFormElement, action: (data: FormData) => Promise<void>): void {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void attempt(() => action(new FormData(form)), said);
  });
}

onSubmit(form, async (data) => {
  await call("PATCH", "/settings/me", Object.fromEntries([...data].map(([name, value]) => [name, value || null])));
  location.reload();
});

const confirm = the<HTMLFormElement>("#factor_code");
onSubmit(the<HTMLFormElement>("#factor"), async (data) => {
  const { secret, uri } = await post<{ secret: string; uri: string }>("/auth/2fa/setup", { password: data.get("factor_password") });
  the("#factor_secret").textContent = secret.replace(/(.{4})/g, "$1 ").trim();
  the<HTMLAnchorElement>("#factor_uri").href = uri;
  the("#factor_qr").replaceChildren(qrCode(uri, t("second_factor_qr")));
  the("#factor").hidden = true;
  confirm.hidden = false;
  the<HTMLInputElement>("#code").focus();
});
onSubmit(confirm, async (data) => {
  const code = String(data.get("code")).replaceAll(" ", "");
  const { recovery_codes } = await post<{ recovery_codes: string[] }>("/auth/2fa/verify", { code });
  confirm.hidden = true;
  the("#recovery").hidden = false;
  the("#recovery ul").replaceChildren(...recovery_codes.map((each) => h("li", {}, h("code", {}, each))));
});

for (const row of all("[data-session]")) {
  row.querySelector("[data-do=end]")?.addEventListener("click", () => void attempt(async () => {
    await call("DELETE", `/auth/sessions/${row.dataset.session ?? ""}`);
    row.remove();
  }, said));
}
