/** The fields of a profile: picture and sound, from the schema that the API validates with. */
import { call } from "./api";
import { h } from "./element";
import { Form } from "./form";
import { attempt } from "./notice";
import type { Schema } from "./schema";
import { t } from "./text";

export interface Profile { id: string; name: string; encoder: string; copy_mode: string; [key: string]: unknown }
export interface Encoder { id: string; available: boolean }
export interface ProfileParts { schema: Schema; encoders: string[] }

/** Fields of a profile inside `place`; `save` sends them and returns what has been kept. */
export function profileForm(place: HTMLElement, { schema, encoders }: ProfileParts, kept: Profile | null): { save: () => Promise<Profile> } {
  const properties = { ...schema.properties, encoder: { ...schema.properties?.encoder, enum: encoders } };
  const form = new Form({ ...schema, properties }, kept ?? {}, [], { scope: "profile", without: ["filters"] });
  place.replaceChildren(form.element);
  void markUnavailable(form.element.querySelector<HTMLSelectElement>("select[name=encoder]"));
  const save = (): Promise<Profile> => {
    const body = form.read();
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
