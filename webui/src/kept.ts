/** The fields of something that is kept with a plugin's configuration: its type decides which fields there are. */
import { call } from "./api";
import { h } from "./element";
import { Form } from "./form";
import type { Schema } from "./schema";
import { knows, t } from "./text";

export interface Type { id: string; plugin: string; name?: string | null; config_schema: Schema }
export interface Kept { id: string; name: string; type: string; config: Record<string, unknown>; [key: string]: unknown }

interface Options<T> {
  /** Where it is kept in the API, such as `/destinations`. */
  path: string;
  types: Type[];
  kept: T | null;
  /** The type that is chosen first. */
  preferred?: string;
  /** Where the texts of its own fields stand. */
  scope: string;
  /** Its own fields besides name, type and configuration. */
  fields?: (type: string) => Schema;
  /** Names of ids that are values of its own fields. */
  names?: Record<string, string>;
  /** What else goes into the request. */
  further?: () => Record<string, unknown>;
}

/** How a type is called: by the pages, or by its plugin. */
export const typeName = (id: string, types: Type[]): string =>
  knows(`typename_${id}`) ? t(`typename_${id}`) : types.find((each) => each.id === id)?.name ?? id;

const basics = (types: Type[], made: boolean): Schema => ({
  required: ["name", "type"],
  properties: {
    name: { type: "string", title: t("name"), maxLength: 100 },
    ...made ? {} : { type: { type: "string", title: t("type"), enum: types.map(({ id }) => id) } },
  },
});

/** Fields inside `place`; `save` sends them and returns what has been kept. */
export function keptForm<T extends Kept>(place: HTMLElement, options: Options<T>): { save: () => Promise<T> } {
  const { path, types, kept, scope } = options;
  const preferred = types.find(({ id }) => id === options.preferred)?.id ?? types[0]?.id;
  const head = new Form(basics(types, kept !== null), kept ? { ...kept } : { type: preferred }, [], { scope });
  const config = h("div", { "data-config": "" });
  let inner: Form | undefined;
  let own: Form | undefined;
  const choose = (id: string): void => {
    const type = types.find((each) => each.id === id);
    const schema = type?.config_schema;
    inner = schema && new Form(schema, kept?.config ?? {}, ["config"], { scope: id, kept: kept !== null, foreign: type?.plugin !== "builtin" });
    own = options.fields && new Form(options.fields(id), kept ?? {}, [], { scope, names: options.names });
    config.replaceChildren(...inner ? [
      h("p", { class: "hint" }, knows(`type_${id}`) ? t(`type_${id}`) : schema?.description ?? ""), inner.element] : [],
    ...own ? [own.element] : []);
  };
  const select = head.element.querySelector<HTMLSelectElement>("select[name=type]");
  for (const option of select?.options ?? []) {
    const { value } = option;
    option.text = typeName(value, types);
  }
  select?.addEventListener("change", () => choose(select.value));
  choose(kept?.type ?? preferred ?? "");
  place.replaceChildren(head.element, config);
  const save = (): Promise<T> => {
    const body = { ...head.read(), ...inner ? { config: inner.read() } : {}, ...own?.read(), ...options.further?.() };
    return kept ? call("PATCH", `${path}/${kept.id}`, body) : call("POST", path, body);
  };
  return { save };
}
