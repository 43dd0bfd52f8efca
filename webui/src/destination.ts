/** The fields of a destination: its type decides which fields there are. */
import { call } from "./api";
import { h } from "./element";
import { Form } from "./form";
import type { Schema } from "./schema";
import { knows, t } from "./text";

export interface Type { id: string; plugin: string; config_schema: Schema }
export interface Destination { id: string; name: string; type: string; enabled: boolean; available: boolean; config: Record<string, unknown> }

const basics = (types: Type[], made: boolean): Schema => ({
  required: ["name", "type"],
  properties: {
    name: { type: "string", title: t("name"), maxLength: 100 },
    ...made ? {} : { type: { type: "string", title: t("type"), enum: types.map(({ id }) => id) } },
    ...made ? { enabled: { type: "boolean", title: t("enabled") } } : {},
  },
});

/** Fields of a destination inside `place`; `save` sends them and returns what has been kept. */
export function destinationForm(place: HTMLElement, types: Type[], kept: Destination | null): { save: () => Promise<Destination> } {
  const preferred = types.find(({ id }) => id === "rtmp")?.id ?? types[0]?.id;
  const head = new Form(basics(types, kept !== null), kept ? { ...kept } : { type: preferred }, [], { scope: "destination" });
  const config = h("div", { "data-config": "" });
  let inner: Form | undefined;
  const choose = (id: string): void => {
    const schema = types.find((type) => type.id === id)?.config_schema;
    inner = schema && new Form(schema, kept?.config ?? {}, ["config"], { scope: id, kept: kept !== null });
    config.replaceChildren(...inner ? [
      h("p", { class: "hint" }, knows(`type_${id}`) ? t(`type_${id}`) : schema?.description ?? ""), inner.element] : []);
  };
  const select = head.element.querySelector<HTMLSelectElement>("select[name=type]");
  for (const option of select?.options ?? []) if (knows(`typename_${option.value}`)) option.text = t(`typename_${option.value}`);
  select?.addEventListener("change", () => choose(select.value));
  choose(kept?.type ?? preferred ?? "");
  place.replaceChildren(head.element, config);
  const save = (): Promise<Destination> => {
    const body = { ...head.read(), ...inner ? { config: inner.read() } : {} };
    return kept ? call("PATCH", `/destinations/${kept.id}`, body) : call("POST", "/destinations", body);
  };
  return { save };
}
