/** What viewers read at a platform: a form per platform, what the placeholders become, and showing it now. */
import { call, get, post } from "./api";
import { h } from "./element";
import { Form } from "./form";
import { typeName } from "./kept";
import { notice, show } from "./notice";
import type { Schema } from "./schema";
import { send } from "./submit";
import { t, tell, type Coded } from "./text";

export interface MetadataParts { platforms: string[]; schema: Schema; pictures: { id: string; name: string }[] }
interface Metadata { resolved: { title: string; description: string; warnings: Coded[] }; [field: string]: unknown }
interface Pushed { ok: boolean; results: (Coded & { ok: boolean; destination: string })[] }

export function offerMetadata(place: HTMLElement, job: string, parts: MetadataParts): void {
  for (const platform of parts.platforms) {
    const inside = h("div");
    const fold = h("details", { class: "fold" }, h("summary", {}, typeName(platform, [])), inside);
    fold.addEventListener("toggle", () => { if (fold.open && !inside.childElementCount) void fill(inside, `/stream-jobs/${job}/metadata/${platform}`, parts); });
    place.append(fold);
  }
}

async function fill(place: HTMLElement, path: string, { schema, pictures }: MetadataParts): Promise<void> {
  const kept = await get<Metadata>(path);
  const properties = {
    ...schema.properties,
    description: { ...schema.properties?.description, "x-castcore-ui": { widget: "textarea" as const } },
    thumbnail_id: { title: t("field_thumbnail_id"), anyOf: [{ type: "string", enum: pictures.map(({ id }) => id) }, { type: "null" }] },
  };
  const fields = new Form({ ...schema, properties }, kept, [], { scope: "metadata", names: Object.fromEntries(pictures.map(({ id, name }) => [id, name])) });
  const said = h("div", { class: "said", role: "alert" });
  const becomes = h("div", { class: "hint", "aria-live": "polite" });
  const form = h("form", { class: "form", novalidate: true }, fields.element, becomes,
    h("p", { class: "actions" }, h("button", { class: "primary" }, t("save")), h("button", { type: "button", onclick: () => void push() }, t("push_now"))));
  const save = async (): Promise<void> => { await showBecoming(becomes, await call<Metadata>("PUT", path, fields.read())); };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send(form, said, async () => {
      await save();
      said.replaceChildren(notice({ message: t("saved"), cause: "", remedy: "" }, "ok"));
    }, "");
  });
  async function push(): Promise<void> {
    await send(form, said, async () => {
      await save();
      const { results } = await post<Pushed>(`${path}/push`);
      const failed = results.find(({ ok }) => !ok);
      if (failed) await show(said, failed);
      else said.replaceChildren(notice({ message: t("pushed", { count: results.length }), cause: "", remedy: "" }, "ok"));
    }, "");
  }
  place.replaceChildren(said, form);
  await showBecoming(becomes, kept);
}

/** What the placeholders become, and those that stay as they are. */
async function showBecoming(place: HTMLElement, { resolved }: Metadata): Promise<void> {
  const warnings = await Promise.all(resolved.warnings.map(tell));
  place.replaceChildren(`${t("viewers_read")} `, h("strong", {}, resolved.title), ...warnings.map((each) => notice(each, "warning")));
}
