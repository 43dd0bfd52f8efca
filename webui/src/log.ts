/** A job's log as it comes: searched, filtered by level, followed. */
import { h, quoted, say, the } from "./element";
import { listen } from "./live";
import { clock, moment, t, tell } from "./text";

interface Line { at: number; source: string; level: string; line: string; code?: string; params?: Record<string, unknown> }

const levels = ["debug", "info", "warning", "error"];
const most = 2000;

/** `names`: how the outputs are called, by id. */
export function openLog(job: string, names: Map<string, string>): void {
  const list = the<HTMLOListElement>("#log");
  const search = the<HTMLInputElement>("#log-search");
  const level = the<HTMLSelectElement>("#log-level");
  const follow = the<HTMLInputElement>("#log-follow");
  const state = the("#log-count");

  const fits = (item: HTMLElement): boolean =>
    levels.indexOf(item.dataset.level ?? "info") >= levels.indexOf(level.value)
    && (item.textContent ?? "").toLowerCase().includes(search.value.trim().toLowerCase());

  const tally = (): void => {
    const shown = list.querySelectorAll("li:not([hidden])").length;
    const told = list.childElementCount
      ? t("log_shown", { shown, count: list.childElementCount }) : t("log_empty");
    say(state, told);
  };
  const filter = (): void => {
    for (const item of list.children) (item as HTMLElement).hidden = !fits(item as HTMLElement);
    tally();
    settle();
  };
  const add = (lines: Line[]): void => {
    const items = lines.map((line) => itemOf(line, names, settle));
    for (const item of items) item.hidden = !fits(item);
    list.append(...items);
    while (list.childElementCount > most) list.firstElementChild?.remove();
    tally();
    settle();
  };

  search.addEventListener("input", filter);
  level.addEventListener("change", filter);
  the<HTMLFormElement>("#log-filter").addEventListener("submit", (event) => event.preventDefault());
  // Who scrolls back wants to read, not to be carried away; scrolling by ourselves does not count.
  let byHand = -Infinity;
  for (const name of ["wheel", "touchmove", "pointerdown", "keydown"]) {
    list.addEventListener(name, () => { byHand = performance.now(); }, { passive: true });
  }
  list.addEventListener("scroll", () => {
    if (performance.now() - byHand < 1000) follow.checked = list.scrollHeight - list.scrollTop - list.clientHeight < 24;
  });
  const settle = (): void => { if (follow.checked) list.scrollTop = list.scrollHeight; };
  follow.addEventListener("change", settle);
  listen(`/ws/logs/${job}`, (type, data) => {
    if (type === "snapshot") {
      list.replaceChildren();
      add((data as { lines: Line[] }).lines);
    } else add([data as Line]);
  }, (lost) => add([{ at: Date.now() / 1000, source: "", level: "warning", line: t("log_lost", { count: lost }) }]));
}

function itemOf(line: Line, names: Map<string, string>, settle: () => void): HTMLLIElement {
  const iso = new Date(line.at * 1000).toISOString();
  const level = levels.includes(line.level) ? line.level : "info";
  const item = h("li", { "data-level": level },
    h("time", { title: moment(iso) }, clock(iso)),
    h("span", { class: "level" }, t(`level_${level}`)),
    h("span", { class: "source" }, names.get(line.source.replace("output:", "")) ?? line.source),
    h("span", { class: "line" }, line.line));
  if (line.code) void explain(item, { code: line.code, params: line.params }).then(settle);
  return item;
}

async function explain(item: HTMLElement, coded: { code: string; params?: Record<string, unknown> }): Promise<void> {
  const told = await tell(coded);
  const text = the(".line", item);
  if (coded.code.startsWith("ffmpeg.")) {
    text.append(h("span", { class: "meaning" }, ...quoted([told.message, told.remedy].filter(Boolean).join(" "))));
  } else text.replaceChildren(...quoted(told.message));
}
