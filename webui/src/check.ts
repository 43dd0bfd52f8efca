/** Lines of a traffic light: a mark with a shape, the sentence, and what to do. */
import { h, quoted } from "./element";
import { t, tell } from "./text";

export interface Check {
  code: string;
  level: "green" | "yellow" | "red";
  category?: string;
  blocking?: boolean;
  params: Record<string, unknown>;
}

export async function checkLine(check: Check): Promise<HTMLLIElement> {
  const told = await tell(check);
  return h("li", { "data-level": check.level },
    h("span", { class: "light", role: "img", "aria-label": t(`light_${check.level}`) }),
    h("div", {},
      h("strong", {}, ...quoted(told.message)),
      told.cause && h("p", {}, ...quoted(told.cause)),
      told.remedy && h("p", { class: "remedy" }, ...quoted(told.remedy))));
}

const order = ["red", "yellow", "green"];

/** The worst first: that is what somebody has to mend. */
export function byUrgency<T extends { level: string }>(checks: T[]): T[] {
  return [...checks].sort((a, b) => order.indexOf(a.level) - order.indexOf(b.level));
}
