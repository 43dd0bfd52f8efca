/** The fields of a target of notifications: whom it tells of what, and when not. */
import { all, h } from "./element";
import { keptForm, type Kept, type Type } from "./kept";
import type { Schema } from "./schema";
import { t } from "./text";

export interface Target extends Kept { events: string[] }
export interface KnownEvent { name: string; level: string; title: string; text: string }

const areaOf = (name: string): string => `${name.split(".")[0] ?? ""}.*`;

/** Fields of a target inside `place`; `save` sends them and returns what has been kept. */
export function targetForm(
  place: HTMLElement, types: Type[], schema: Schema, events: KnownEvent[], kept: Target | null,
): { save: () => Promise<Target> } {
  const choice = eventChoice(events, kept?.events ?? ["*"]);
  const form = keptForm<Target>(place, {
    path: "/notifications", types, kept, preferred: "webhook", scope: "notification",
    fields: () => ({ ...schema, required: [], properties: without(schema.properties ?? {}, kept ? [] : ["enabled"]) }),
    further: () => ({ events: choice.read() }),
  });
  place.append(choice.element);
  return form;
}

function without(properties: Record<string, Schema>, names: string[]): Record<string, Schema> {
  const others = ["name", "type", "config", "events", ...names];
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !others.includes(name)));
}

/** What an event says of nobody in particular. */
const anybody = (text: string): string => text.replace(/\{\{\s*\w+\s*\}\}/g, "…");

/** Boxes to tick: everything, or areas and single events. */
function eventChoice(events: KnownEvent[], chosen: string[]): { element: HTMLElement; read: () => string[] } {
  const everything = h("input", { type: "checkbox", checked: chosen.includes("*") });
  const boxes = h("div", { class: "areas" });
  for (const area of new Set(events.map(({ name }) => areaOf(name)))) {
    const whole = h("input", { type: "checkbox", value: area, checked: chosen.includes(area) });
    const lines = events.filter(({ name }) => areaOf(name) === area).map(({ name, title, text }) =>
      h("li", {}, h("label", { class: "check", title: anybody(text) }, h("input", { type: "checkbox", value: name, checked: chosen.includes(name) }), anybody(title))));
    const list = h("ul", {}, ...lines);
    const follow = (): void => { list.hidden = whole.checked; };
    whole.addEventListener("change", follow);
    follow();
    boxes.append(h("div", { class: "area" }, h("label", { class: "check strong" }, whole, t(`area_${area.slice(0, -2)}`)), list));
  }
  const follow = (): void => { boxes.hidden = everything.checked; };
  everything.addEventListener("change", follow);
  follow();
  const element = h("fieldset", { "data-path": "events" }, h("legend", {}, t("told_of")),
    h("label", { class: "check" }, everything, t("told_of_everything")), h("p", { class: "fault" }), boxes);
  const read = (): string[] => {
    if (everything.checked) return ["*"];
    const ticked = all<HTMLInputElement>("input:checked", boxes).map(({ value }) => value);
    return ticked.filter((name) => name.endsWith(".*") || !ticked.includes(areaOf(name)));
  };
  return { element, read };
}
