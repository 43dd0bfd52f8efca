/** The page of a destination. */
import { call } from "../api";
import { byUrgency, checkLine, type Check } from "../check";
import { destinationForm, type Destination, type Type } from "../destination";
import { first, h, the } from "../element";
import { attempt, confirmed } from "../notice";
import "../shell";
import { onSubmit, said } from "../submit";
import { t } from "../text";

const levels = { ok: "green", warning: "yellow", error: "red" } as const;
const { types, destination } = first<{ types: Type[]; destination: Destination | null }>();
const form = the<HTMLFormElement>("#form");
const { save } = destinationForm(the("#fields"), types, destination);
onSubmit(form, said(), async () => {
  await save();
  location.assign("/destinations");
});
form.querySelector("[data-do=delete]")?.addEventListener("click", () => void remove(destination as Destination));
form.querySelector("[data-do=test]")?.addEventListener("click", () => void attempt(async () => {
  const list = the("#checks");
  list.replaceChildren(h("li", { class: "quiet" }, t("looking")));
  const { checks } = await call<{ checks: (Check & { severity: keyof typeof levels })[] }>("POST", `/destinations/${destination?.id ?? ""}/test`);
  const lines = checks.map((check) => ({ ...check, level: levels[check.severity] }));
  list.replaceChildren(...await Promise.all(byUrgency(lines).map(checkLine)));
}, said()));

async function remove({ id, name }: Destination): Promise<void> {
  if (!await confirmed(t("delete_question", { name }), t("delete"), t("delete_destination_detail"))) return;
  await attempt(async () => {
    await call("DELETE", `/destinations/${id}`);
    location.assign("/destinations");
  }, said());
}
