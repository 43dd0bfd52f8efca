/** What the page tells its reader, and what it asks before it does harm. */
import { Refusal } from "./api";
import { h, quoted, the } from "./element";
import { t, tell, type Coded, type Told } from "./text";

export type Level = "ok" | "info" | "warning" | "error";

export function notice(told: Told, level: Level): HTMLElement {
  return h("p", { class: "notice", "data-level": level },
    h("strong", {}, ...quoted(told.message)),
    told.cause && " ", told.cause && h("span", {}, ...quoted(told.cause)),
    told.remedy && " ", told.remedy && h("span", { class: "remedy" }, ...quoted(told.remedy)));
}

/** Put the text of an error into `place`, and nothing where there is none. */
export async function show(place: HTMLElement, problem: Coded | null, level: Level = "error"): Promise<void> {
  place.replaceChildren(...problem ? [notice(await tell(problem), level)] : []);
}

/** Do something that may be refused; the refusal is told in `place`, else in the corner. */
export async function attempt(action: () => Promise<void>, place?: HTMLElement): Promise<boolean> {
  if (place) place.replaceChildren();
  try {
    await action();
    return true;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const told = await tell(error);
    const said = notice(told, "error");
    if (place) {
      place.replaceChildren(said);
      place.scrollIntoView({ block: "nearest" });
    } else {
      said.append(" ", h("button", { type: "button", class: "plain", onclick: () => said.remove() }, t("dismiss")));
      the("#notices").append(said);
    }
    return false;
  }
}

/** Ask before something that cannot be taken back. */
export function confirmed(question: string, action: string, detail = ""): Promise<boolean> {
  return new Promise((resolve) => {
    const box = h("dialog", { class: "ask", "aria-labelledby": "ask-title" },
      h("form", { method: "dialog" },
        h("h2", { id: "ask-title" }, question),
        detail && h("p", {}, detail),
        h("p", { class: "actions" },
          h("button", { value: "no", autofocus: true }, t("cancel")),
          h("button", { value: "yes", class: "danger" }, action))));
    box.addEventListener("close", () => {
      resolve(box.returnValue === "yes");
      box.remove();
    });
    document.body.append(box);
    box.showModal();
  });
}
