/** The page of a platform account: its form, and connecting it, in this browser or by a code for another device. */
import { call, post, Refusal } from "../api";
import { first, h, the } from "../element";
import { Form } from "../form";
import { keep } from "../keeping";
import { typeName } from "../kept";
import { attempt, show } from "../notice";
import { qrCode } from "../qr";
import "../shell";
import { said } from "../submit";
import { t } from "../text";

interface Platform { id: string; capabilities: string[]; redirect_uri: string | null; scopes: string[] }
interface Account { id: string; name: string; type: string; config: Record<string, unknown>; [key: string]: unknown }
interface Device {
  user_code: string; verification_url: string; verification_url_complete: string | null;
  state: "pending" | "failed"; code: string; interval: number;
}

const { platforms, account } = first<{ platforms: Platform[]; account: Account | null }>();
const kinds = platforms.filter(({ capabilities }) => capabilities.includes("oauth"));
const head = new Form({
  required: ["name", "type", "client_id"],
  properties: {
    name: { type: "string", title: t("name"), maxLength: 100 },
    ...account ? {} : { type: { type: "string", title: t("platform"), enum: kinds.map(({ id }) => id) } },
    client_id: { type: "string", title: t("client_id"), description: t("client_id_hint"), maxLength: 255 },
    client_secret: { anyOf: [{ type: "string", format: "password", maxLength: 1000 }, { type: "null" }], title: t("client_secret"), description: t("client_secret_hint") },
  },
}, account ?? { type: kinds[0]?.id }, [], { scope: "platform", kept: account !== null, names: Object.fromEntries(kinds.map(({ id }) => [id, typeName(id, [])])) });
const redirect = h("p", { class: "hint" });
the("#fields").append(head.element, redirect);

function explain(): void {
  const chosen = account?.type ?? head.element.querySelector<HTMLSelectElement>("select[name=type]")?.value;
  const address = kinds.find(({ id }) => id === chosen)?.redirect_uri;
  redirect.replaceChildren(...address ? [`${t("redirect_uri")} `, h("code", {}, address)] : []);
}
head.element.addEventListener("change", explain);
explain();

const save = (): Promise<Account> => account
  ? call("PATCH", `/platform-accounts/${account.id}`, head.read()) : call("POST", "/platform-accounts", head.read());
// What was just registered is connected next.
keep({
  save, list: "/platforms", next: ({ id }) => `/platforms/${id}`,
  path: "/platform-accounts", kept: account, detail: t("delete_account_detail"),
});

document.querySelector("[data-do=device]")?.addEventListener("click", () => void attempt(async () => {
  wait(await post<Device>(`/platform-accounts/${account?.id ?? ""}/device`));
}, said()));

function wait(device: Device): void {
  const place = the("#device");
  place.hidden = false;
  place.replaceChildren(
    h("p", {}, t("device_lead"), " ", h("a", { href: device.verification_url_complete ?? device.verification_url, rel: "noreferrer", target: "_blank" }, device.verification_url)),
    h("p", { class: "code large" }, device.user_code),
    device.verification_url_complete ? qrCode(device.verification_url_complete, t("device_qr")) : "", h("p", { class: "quiet" }, t("device_waiting")));
  const poll = async (): Promise<void> => {
    try {
      const now = await call<Device>("GET", `/platform-accounts/${account?.id ?? ""}/device`);
      if (now.state === "failed") return void show(place, { code: now.code });
      setTimeout(() => void poll(), Math.max(2, now.interval) * 1000);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      location.reload(); // the code is gone: the account is connected, or somebody else has cancelled it
    }
  };
  setTimeout(() => void poll(), device.interval * 1000);
}
