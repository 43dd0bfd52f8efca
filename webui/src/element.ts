/** Make and find elements. */

type Child = Node | string | null | undefined | false;
type Properties = Record<string, string | number | boolean | null | undefined | EventListener>;

/** Make an element: `on…` properties are listeners, `true` is a bare attribute, nothing and `false` are left out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K, properties: Properties = {}, ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.filter((child): child is Node | string => child !== null && child !== undefined && child !== false));
  return made;
}

/** Find the one element; a page without it is broken. */
export function the<T extends HTMLElement = HTMLElement>(selector: string, within: ParentNode = document): T {
  const found = within.querySelector<T>(selector);
  if (!found) throw new Error(`the page lacks ${selector}`);
  return found;
}

export function all<T extends HTMLElement = HTMLElement>(selector: string, within: ParentNode = document): T[] {
  return [...within.querySelectorAll<T>(selector)];
}

/** Set a text only where it differs, so that screen readers hear changes alone. */
export function say(target: Element, text: string): void {
  if (target.textContent !== text) target.textContent = text;
}

/** The data that the server has put into the page. */
export function first<T>(): T {
  return JSON.parse(document.getElementById("first")?.textContent ?? "null") as T;
}

/** Text in which backticks mark code. */
export function quoted(text: string): Node[] {
  return text.replaceAll("``", "`").split("`").map((part, at) =>
    at % 2 ? h("code", {}, part) : document.createTextNode(part));
}
