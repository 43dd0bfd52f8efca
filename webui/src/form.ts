/** Forms made from JSON Schemas: what a plugin declares is what its users fill in. */
import { all, h, quoted } from "./element";
import { shapeOf, type Schema, type Shape } from "./schema";
import { knows, t } from "./text";

type Values = Record<string, unknown>;
type Path = (string | number)[];

/** One input and how it is read; `undefined` keeps what the server has. */
interface Field {
  name: string;
  element: HTMLElement;
  read(): unknown;
}

interface Options {
  /** Where its texts stand: `field_SCOPE_NAME` before `field_NAME`. */
  scope?: string;
  /** The fields are a plugin's own: what core says of a field of the same name is not about them. */
  foreign?: boolean;
  /** Names that somebody else asks for. */
  without?: string[];
  /** What to call values that are ids. */
  names?: Record<string, string>;
  /** Whether the server has values already: secrets that are left empty are kept. */
  kept?: boolean;
}

let numbers = 0;

/** A part of a form for one object. */
export class Form {
  readonly element = h("div", { class: "fields" });
  private readonly fields: Field[] = [];

  constructor(schema: Schema, private readonly values: Values, private readonly path: Path, private readonly options: Options = {}) {
    const defs = schema.$defs ?? {};
    const advanced = h("div", { class: "fields" });
    const required = (name: string): boolean => Boolean(schema.required?.includes(name));
    // What must be filled in comes first, otherwise as its author has put it.
    const parts = Object.entries(schema.properties ?? {}).sort(([a], [b]) => Number(required(b)) - Number(required(a)));
    for (const [name, part] of parts) {
      if (options.without?.includes(name) || part.const !== undefined) continue;
      const shape = shapeOf(part, defs);
      const field = this.make(name, shape, defs, required(name));
      this.fields.push(field);
      field.element.dataset.path = [...path, name].join(".");
      (shape.hints.advanced ? advanced : this.element).append(field.element);
      this.depend(field.element, shape);
    }
    if (advanced.childElementCount) {
      const more = h("details", { class: "fold" }, h("summary", {}, t("advanced")), advanced);
      this.element.append(more);
    }
    this.element.addEventListener("input", () => this.refresh());
    this.refresh();
  }

  /** What is filled in; fields that keep their value are absent. */
  read(): Values {
    const found: Values = {};
    for (const field of this.fields) {
      if (field.element.hidden) continue;
      const value = field.read();
      if (value !== undefined) found[field.name] = value;
    }
    return found;
  }

  private depend(element: HTMLElement, shape: Shape): void {
    const wanted = Object.entries(shape.hints.dependsOn ?? {});
    if (wanted.length) element.dataset.depends = JSON.stringify(wanted);
  }

  private refresh(): void {
    for (const field of this.fields) {
      const wanted = JSON.parse(field.element.dataset.depends ?? "[]") as [string, unknown][];
      field.element.hidden = !wanted.every(([name, value]) =>
        this.fields.find((other) => other.name === name)?.read() === value);
    }
  }

  private label(kind: "field" | "hint" | "option", name: string): string | undefined {
    const scoped = `${kind}_${this.options.scope ?? ""}_${name}`;
    return (this.options.foreign ? [scoped] : [scoped, `${kind}_${name}`]).filter(knows).map((key) => t(key))[0];
  }

  private make(name: string, shape: Shape, defs: Record<string, Schema>, required: boolean): Field {
    const { schema, nullable } = shape;
    const value = this.values[name] ?? schema.default;
    const title = this.label("field", name) ?? schema.title ?? name;
    if (schema.properties) return this.makeGroup(name, title, { ...schema, $defs: defs }, nullable, value);
    const id = `f${numbers += 1}-${name}`;
    const described = this.label("hint", name) ?? schema.description ?? "";
    if (schema.type === "boolean") return makeCheck(name, id, title, described, value);
    if (shape.secret) return this.makeSecret(name, id, title, described, required, schema);
    const { control, read } = makeControl(name, id, shape, value, required, (option) => this.options.names?.[option] ?? schema["x-castcore-names"]?.[option] ?? this.label("option", `${name}_${option}`));
    return { name, element: wrap(id, title, described, control, required), read };
  }

  private makeSecret(name: string, id: string, title: string, described: string, required: boolean, schema: Schema): Field {
    const shown = typeof this.values[name] === "string" ? String(this.values[name]) : "";
    const kept = Boolean(this.options.kept) && shown !== "";
    const control = h("input", {
      id, type: "password", autocomplete: "new-password", spellcheck: "false", maxlength: schema.maxLength,
      placeholder: kept ? t("secret_kept", { shown }) : "", required: required && !kept,
    });
    const element = wrap(id, title, described, control, required && !kept);
    const clear = h("input", { type: "checkbox" });
    if (kept && !required) element.append(h("label", { class: "check" }, clear, t("secret_clear")));
    clear.addEventListener("change", () => { control.disabled = clear.checked; });
    return { name, element, read: () => clear.checked ? null : control.value || (kept ? undefined : required ? "" : null) };
  }

  private makeGroup(name: string, title: string, schema: Schema, nullable: boolean, value: unknown): Field {
    const inner = new Form(schema, (value ?? {}) as Values, [...this.path, name], { ...this.options, scope: name, without: [] });
    const on = h("input", { type: "checkbox", checked: value !== null && value !== undefined });
    const legend = nullable ? h("legend", {}, h("label", { class: "check" }, on, title)) : h("legend", {}, title);
    const follow = (): void => { inner.element.hidden = nullable && !on.checked; };
    on.addEventListener("change", follow);
    follow();
    const hint = nullable && this.label("hint", name);
    return { name, element: h("fieldset", {}, legend, hint && h("p", { class: "hint" }, hint), inner.element), read: () => nullable && !on.checked ? null : inner.read() };
  }
}

function wrap(id: string, title: string, described: string, control: HTMLElement, required: boolean): HTMLElement {
  control.setAttribute("aria-describedby", `${id}-hint ${id}-fault`);
  return h("div", { class: "field" },
    h("label", { for: id }, title, required && h("span", { class: "quiet" }, ` ${t("required")}`)),
    control,
    h("p", { class: "fault", id: `${id}-fault` }),
    described && h("p", { class: "hint", id: `${id}-hint` }, ...quoted(described)));
}

function makeCheck(name: string, id: string, title: string, described: string, value: unknown): Field {
  const control = h("input", { id, type: "checkbox", checked: Boolean(value), "aria-describedby": `${id}-hint` });
  const element = h("div", { class: "field" }, h("label", { class: "check", for: id }, control, title),
    described && h("p", { class: "hint", id: `${id}-hint` }, ...quoted(described)));
  return { name, element, read: () => control.checked };
}

type Control = { control: HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement; read: () => unknown };

function makeControl(
  name: string, id: string, shape: Shape, value: unknown, required: boolean, option: (value: string) => string | undefined,
): Control {
  const { schema, nullable, hints } = shape;
  const text = value === null || value === undefined ? "" : String(value);
  if (schema.enum) {
    const choices = schema.enum;
    const control = h("select", { id, name },
      nullable && h("option", { value: "" }, t("none")),
      ...choices.map((each) => h("option", { value: String(each), selected: String(each) === text }, option(String(each)) ?? String(each))));
    return { control, read: () => choices.find((each) => String(each) === control.value) ?? null };
  }
  if (schema.type === "array") {
    const control = h("textarea", { id, name, rows: 3, spellcheck: "false" }, Array.isArray(value) ? value.join("\n") : "");
    return { control, read: () => control.value.split("\n").map((line) => line.trim()).filter(Boolean) };
  }
  if (schema.type === "integer" || schema.type === "number") {
    const control = h("input", {
      id, name, type: "number", value: text, min: schema.minimum, max: schema.maximum, required,
      step: schema.multipleOf ?? (schema.type === "integer" ? 1 : "any"), inputmode: schema.type === "integer" ? "numeric" : "decimal",
      placeholder: nullable ? t(knows(`empty_${name}`) ? `empty_${name}` : "automatic") : "",
    });
    return { control, read: () => control.value === "" ? nullable ? null : undefined : Number(control.value) };
  }
  if (hints.widget === "textarea") {
    const control = h("textarea", { id, name, rows: 4, maxlength: schema.maxLength }, text);
    return { control, read: () => control.value === "" && nullable ? null : control.value };
  }
  const plain = hints.widget === "url" || hints.widget === "path" || name === "path" || name === "url";
  const control = h("input", {
    id, name, type: "text", value: text, maxlength: schema.maxLength, required, autocomplete: "off",
    spellcheck: plain ? "false" : null, autocapitalize: plain ? "off" : null, class: plain ? "code" : null,
  });
  return { control, read: () => control.value === "" && nullable ? null : control.value };
}

/** Mark the fields at fault and go to the first; tells whether one was found. */
export function markFaults(within: ParentNode, faults: { path: Path; text: string }[]): boolean {
  clearFaults(within);
  const found = faults.map(({ path, text }) => {
    const field = fieldAt(within, path);
    const control = field?.querySelector<HTMLElement>("input, select, textarea");
    control?.setAttribute("aria-invalid", "true");
    const place = field?.querySelector(".fault");
    if (place) place.textContent = text;
    for (let fold = field?.closest("details"); fold; fold = fold.parentElement?.closest("details")) fold.open = true;
    return control;
  }).filter((control) => control !== undefined && control !== null);
  found[0]?.focus();
  return found.length > 0;
}

export function clearFaults(within: ParentNode): void {
  for (const control of all("[aria-invalid]", within)) control.removeAttribute("aria-invalid");
  for (const place of all(".fault", within)) place.textContent = "";
}

function fieldAt(within: ParentNode, path: Path): HTMLElement | null {
  for (let length = path.length; length > 0; length -= 1) {
    const found = within.querySelector<HTMLElement>(`[data-path="${CSS.escape(path.slice(0, length).join("."))}"]`);
    if (found) return found;
  }
  return null;
}
