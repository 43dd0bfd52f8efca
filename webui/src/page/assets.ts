/** Pictures and slates are uploaded and removed. */
import { call, upload } from "../api";
import { all, the } from "../element";
import { attempt, confirmed } from "../notice";
import "../shell";
import { onSubmit, said } from "../submit";
import { t } from "../text";

const form = document.querySelector<HTMLFormElement>("#upload");
if (form) {
  onSubmit(form, said(), async () => {
    the("button", form).textContent = t("uploading");
    try {
      await upload("/assets", new FormData(form));
      location.reload();
    } finally {
      the("button", form).textContent = t("upload");
    }
  }, "");
}
for (const item of all("[data-asset]")) {
  item.querySelector("[data-do=delete]")?.addEventListener("click", () => void (async () => {
    const name = item.querySelector("strong")?.textContent ?? "";
    if (!await confirmed(t("delete_question", { name }), t("delete"))) return;
    await attempt(async () => {
      await call("DELETE", `/assets/${item.dataset.asset ?? ""}`);
      location.reload();
    }, said());
  })());
}
