/** The first-run wizard: four steps, each can be repeated until the last button. */
import { post, Refusal } from "../api";
import { byUrgency, checkLine, type Check } from "../check";
import { all, first, h, say, the } from "../element";
import { attempt } from "../notice";
import "../ready";
import { t } from "../text";

interface State { admin_exists: boolean; steps: { name: string; done: boolean }[] }
type Step = "language" | "admin" | "media" | "check";

const steps: Step[] = ["language", "admin", "media", "check"];
const said = the("#said");

function open(step: Step): void {
  for (const part of all(".step[data-step]")) part.hidden = part.dataset.step !== step;
  const at = steps.indexOf(step);
  for (const line of all(".steps [data-step]")) {
    const place = steps.indexOf(line.dataset.step as Step);
    line.dataset.state = place < at ? "done" : place === at ? "now" : "next";
    if (place === at) line.setAttribute("aria-current", "step"); else line.removeAttribute("aria-current");
  }
  const part = the(`.step[data-step=${step}]`);
  (part.querySelector<HTMLElement>("input:not([type=radio])") ?? the("h2", part)).focus();
  if (step === "check") void check();
}

function onSubmit(step: Step, action: (form: FormData) => Promise<void>): void {
  const form = the<HTMLFormElement>(`form[data-step=${step}]`);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const button = the<HTMLButtonElement>("button.primary", form);
    button.disabled = true;
    void attempt(() => action(new FormData(form)), said).finally(() => { button.disabled = false; });
  });
}

onSubmit("language", async (form) => {
  const zone = String(form.get("time_zone")).trim();
  await post("/setup/step/language", { language: form.get("language"), ...zone ? { time_zone: zone } : {} });
  // The rest is read in the language that was chosen.
  location.assign(`/setup?lang=${String(form.get("language"))}#admin`);
});

onSubmit("admin", async (form) => {
  if (form.get("password") !== form.get("again")) throw new Refusal(422, "web.passwords_differ", {});
  const { token, username, password } = Object.fromEntries(form);
  await post("/setup/step/admin", { token, username, password, cookie: true });
  open("media");
});

onSubmit("media", async (form) => {
  const folders = String(form.get("media_roots")).split("\n").map((line) => line.trim()).filter(Boolean);
  await post("/setup/step/ffmpeg", { path: String(form.get("ffmpeg")).trim() || null });
  await post("/setup/step/folders", { media_roots: folders });
  await post("/setup/step/storage", { private_addresses: form.get("private_addresses") !== null });
  await post("/setup/step/plugins", {});
  open("check");
});

const complete = the<HTMLButtonElement>("[data-do=complete]");
const again = the<HTMLButtonElement>("[data-do=again]");

async function check(): Promise<void> {
  const [state, list] = [the("#check-state"), the("#checks")];
  again.disabled = true;
  say(state, t("setup_checking"));
  list.setAttribute("aria-busy", "true");
  await attempt(async () => {
    const { level, checks } = await post<{ level: Check["level"]; checks: Check[] }>("/setup/syscheck");
    list.replaceChildren(...await Promise.all(byUrgency(checks).map(checkLine)));
    say(state, t(`setup_checked_${level}`));
    complete.disabled = false;
  }, said);
  list.removeAttribute("aria-busy");
  again.disabled = false;
}

again.addEventListener("click", () => void check());
complete.addEventListener("click", () => void attempt(async () => {
  await post("/setup/complete");
  location.assign("/");
}, said));

the("#zones").append(...Intl.supportedValuesOf("timeZone").map((zone) => h("option", { value: zone })));
const zone = the<HTMLInputElement>("#time_zone");
zone.value ||= Intl.DateTimeFormat().resolvedOptions().timeZone;

const state = first<State>();
if (state.admin_exists) open("media");
else open(location.hash === "#admin" ? "admin" : "language");
