/** Send a form; what the API refuses is shown at its fields. */
import { Refusal } from "./api";
import { all, the } from "./element";
import { clearFaults, markFaults } from "./form";
import { show } from "./notice";
import { knows, t, tell } from "./text";

type Path = (string | number)[];

async function faultsOf(refusal: Refusal, within: string): Promise<{ path: Path; text: string }[]> {
  if (refusal.fields.length) {
    return refusal.fields.map(({ path, type }) => ({ path, text: t(knows(`fault_${type}`) ? `fault_${type}` : "fault_other") }));
  }
  const field = refusal.params.field;
  if (typeof field !== "string") return [];
  const text = (await tell(refusal)).message;
  return [{ path: [within, ...field.split(".")], text }, { path: field.split("."), text }];
}

/** `within`: the object of the body that a plugin's own faults are about. */
export function onSubmit(form: HTMLFormElement, said: HTMLElement, action: () => Promise<void>, within = "config"): void {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send(form, said, action, within);
  });
}

export async function send(form: HTMLElement, said: HTMLElement, action: () => Promise<void>, within = "config"): Promise<void> {
  const buttons = all<HTMLButtonElement>("button", form);
  for (const button of buttons) button.disabled = true;
  form.setAttribute("aria-busy", "true");
  said.replaceChildren();
  clearFaults(form);
  try {
    await action();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    await show(said, error);
    for (const button of buttons) button.disabled = false;
    const found = markFaults(form, await faultsOf(error, within));
    if (!found) said.scrollIntoView({ block: "center" });
  } finally {
    for (const button of buttons) button.disabled = false;
    form.removeAttribute("aria-busy");
  }
}

export const said = (): HTMLElement => the("#said");
