/** The list of encoders under the profiles: which of them really encode here, and why not. */
import { get, type List } from "../api";
import type { Coded } from "../text";
import { h, the } from "../element";
import { attempt } from "../notice";
import "../shell";
import { t, tell } from "../text";

interface Encoder { id: string; plugin: string; codecs: string[]; available: boolean; reasons: Coded[] }

async function line({ id, codecs, available, reasons }: Encoder): Promise<HTMLLIElement> {
  const why = await Promise.all(reasons.map(tell));
  return h("li", { "data-level": available ? "green" : "yellow" },
    h("span", { class: "light", role: "img", "aria-label": t(available ? "works" : "works_not") }),
    h("div", {}, h("strong", {}, id), ` ${codecs.join(", ")}`,
      ...why.map(({ message, remedy }) => h("p", {}, message, remedy && h("span", { class: "remedy" }, remedy)))));
}

const list = the("#checks");
void attempt(async () => {
  const { items } = await get<List<Encoder>>("/ffmpeg-profiles/encoders");
  const sorted = [...items].sort((a, b) => Number(b.available) - Number(a.available) || a.id.localeCompare(b.id));
  list.replaceChildren(...await Promise.all(sorted.map(line)));
}, the("#said")).then((done) => {
  list.removeAttribute("aria-busy");
  if (!done) list.replaceChildren();
});
