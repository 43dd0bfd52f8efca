/** Plugins are switched on and off; the server says when it takes effect. */
import { post } from "../api";
import { all, the } from "../element";
import { attempt, confirmed } from "../notice";
import "../shell";
import { t } from "../text";

for (const row of all("[data-plugin]")) {
  const id = row.dataset.plugin ?? "";
  const act = (verb: string): void => void attempt(async () => {
    await post(`/plugins/${id}/${verb}`);
    location.reload();
  }, the("#said"));
  row.querySelector("[data-do=enable]")?.addEventListener("click", () => act("enable"));
  row.querySelector("[data-do=disable]")?.addEventListener("click", () => {
    void confirmed(t("disable_question", { name: id }), t("disable"), t("disable_detail")).then((yes) => { if (yes) act("disable"); });
  });
}
