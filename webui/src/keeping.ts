/** The page of one kept thing: save, test, delete. */
import { call } from "./api";
import { byUrgency, checkLine, type Check } from "./check";
import { h, the } from "./element";
import type { Kept } from "./kept";
import { attempt, confirmed } from "./notice";
import { onSubmit, said } from "./submit";
import { t } from "./text";

const levels = { ok: "green", warning: "yellow", error: "red" } as const;
type Found = { checks: (Check & { severity: keyof typeof levels })[] };

interface Options {
  save: () => Promise<Kept>;
  /** The list, where one goes afterwards. */
  list: string;
  /** Where one goes after something new was kept, instead. */
  next?: (kept: Kept) => string;
  /** Where it is kept in the API. */
  path: string;
  kept: Kept | null;
  /** What else there is to know before it is deleted. */
  detail?: string;
}

export function keep({ save, list, next, path, kept, detail }: Options): void {
  const form = the<HTMLFormElement>("#form");
  onSubmit(form, said(), async () => {
    const saved = await save();
    location.assign(!kept && next ? next(saved) : list);
  });
  form.querySelector("[data-do=delete]")?.addEventListener("click", () => void remove());
  form.querySelector("[data-do=test]")?.addEventListener("click", () => void attempt(async () => {
    const lines = the("#checks");
    lines.replaceChildren(h("li", { class: "quiet" }, t("looking")));
    await showChecks(lines, await call<Found>("POST", `${path}/${kept?.id ?? ""}/test`));
  }, said()));

  async function remove(): Promise<void> {
    if (!kept || !await confirmed(t("delete_question", { name: kept.name }), t("delete"), detail)) return;
    await attempt(async () => {
      await call("DELETE", `${path}/${kept.id}`);
      location.assign(list);
    }, said());
  }
}

/** Show what a test has found, the worst first. */
export async function showChecks(list: HTMLElement, { checks }: Found): Promise<void> {
  const lines = checks.map((check) => ({ ...check, level: levels[check.severity] }));
  list.replaceChildren(...await Promise.all(byUrgency(lines).map(checkLine)));
}
