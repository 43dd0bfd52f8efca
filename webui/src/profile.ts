/** The fields of a profile: picture and sound, from the schema that the API validates with. */
import { call } from "./api";
import { h, the } from "./element";
import { Form } from "./form";
import type { Type } from "./kept";
import { attempt } from "./notice";
import type { Schema } from "./schema";
import { t } from "./text";

export interface Profile { id: string; name: string; encoder: string; copy_mode: string; [key: string]: unknown }
export interface Encoder { id: string; available: boolean }
export interface ProfileParts { schema: Schema; encoders: Type[] }

/** Fields of a profile inside `place`; `save` sends them and returns what has been kept. */
export function profileForm(place: HTMLElement, { schema, encoders }: ProfileParts, kept: Profile | null): { save: () => Promise<Profile> } {
  const properties = { ...schema.properties, encoder: { ...schema.properties?.encoder, enum: encoders.map(({ id }) => id) } };
  const form = new Form({ ...schema, properties }, kept ?? {}, [], { scope: "profile", without: ["filters", "encoder_options"] });
  const select = the<HTMLSelectElement>("select[name=encoder]", form.element);
  const fold = h("details", { class: "fold" });
  let options: Form | undefined;
  const choose = (): void => {
    // What a profile tells its encoder by itself is not asked for twice.
    const own = encoders.find(({ id }) => id === select.value)?.config_schema;
    options = own && new Form(own, (kept?.encoder_options ?? {}) as Record<string, unknown>, ["encoder_options"], { scope: select.value, without: ["tune"] });
    fold.replaceChildren(h("summary", {}, t("encoder_options")), ...options ? [options.element] : []);
    fold.hidden = !options?.element.childElementCount;
  };
  select.addEventListener("change", choose);
  choose();
  place.replaceChildren(form.element, fold);
  void markUnavailable(select);
  const save = (): Promise<Profile> => {
    const body = { ...form.read(), ...options ? { encoder_options: options.read() } : {} };
    return kept ? call("PATCH", `/ffmpeg-profiles/${kept.id}`, body) : call("POST", "/ffmpeg-profiles", body);
  };
  return { save };
}

/** Trying out encoders takes seconds, so the list is there at once and the result follows. */
async function markUnavailable(select: HTMLSelectElement | null): Promise<void> {
  if (!select) return;
  await attempt(async () => {
    const { items } = await call<{ items: Encoder[] }>("GET", "/ffmpeg-profiles/encoders");
    for (const option of select.options) {
      if (items.some(({ id, available }) => id === option.value && !available)) option.text = t("encoder_absent", { name: option.value });
    }
  }, h("div"));
}
