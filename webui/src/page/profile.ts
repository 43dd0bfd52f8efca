/** The page of a profile. */
import { call } from "../api";
import { first, the } from "../element";
import { attempt, confirmed } from "../notice";
import { profileForm, type Profile, type ProfileParts } from "../profile";
import "../shell";
import { onSubmit, said } from "../submit";
import { t } from "../text";

const { profile, ...parts } = first<ProfileParts & { profile: Profile | null }>();
const form = the<HTMLFormElement>("#form");
const { save } = profileForm(the("#fields"), parts, profile);
onSubmit(form, said(), async () => {
  await save();
  location.assign("/profiles");
});
form.querySelector("[data-do=delete]")?.addEventListener("click", () => void remove(profile as Profile));

async function remove({ id, name }: Profile): Promise<void> {
  if (!await confirmed(t("delete_question", { name }), t("delete"))) return;
  await attempt(async () => {
    await call("DELETE", `/ffmpeg-profiles/${id}`);
    location.assign("/profiles");
  }, said());
}
