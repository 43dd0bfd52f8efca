/** What is shown this once: it stays until one says that it is kept, and can be copied. */
import { h, say } from "./element";
import { t } from "./text";

/** `lines`: what each is called, and what it is. Resolves when it is closed. */
export function showOnce(title: string, lead: string, lines: { label: string; text: string }[]): Promise<void> {
  return new Promise((resolve) => {
    const told = h("span", { class: "hidden", role: "status" });
    const line = ({ label, text }: { label: string; text: string }): HTMLElement => {
      const shown = h("code", {}, text);
      const button = h("button", { type: "button", "aria-label": t("copy_named", { name: label }) }, t("copy"));
      button.addEventListener("click", () => void copy(text, shown).then((done) => {
        if (!done) return;
        say(button, t("copied_once"));
        say(told, t("copied_once"));
      }));
      return h("div", {}, h("dt", {}, label), h("dd", { class: "row" }, shown, button));
    };
    const box = h("dialog", { class: "once", "aria-labelledby": "once-title" },
      h("form", { method: "dialog" },
        h("h2", { id: "once-title" }, title), h("p", {}, lead),
        h("dl", { class: "facts" }, ...lines.map(line)), told,
        h("p", { class: "actions" }, h("button", { class: "primary" }, t("done")))));
    box.addEventListener("cancel", (event) => event.preventDefault());
    box.addEventListener("close", () => {
      box.remove();
      resolve();
    });
    document.body.append(box);
    box.showModal();
  });
}

/** Browsers lend the clipboard to pages over HTTPS only; elsewhere what is selected can be copied. */
async function copy(text: string, shown: HTMLElement): Promise<boolean> {
  getSelection()?.selectAllChildren(shown);
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return document.execCommand("copy");
  }
}
