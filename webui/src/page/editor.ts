/** The form of a job. What it needs and does not exist yet, a destination or a profile, is made in a dialog on the way. */
import { call } from "../api";
import { destinationForm, type Account, type Destination, type Type } from "../destination";
import { all, first, h, the } from "../element";
import { Form } from "../form";
import { typeName } from "../kept";
import { showOnce } from "../once";
import "../shell";
import { profileForm, type Profile, type ProfileParts } from "../profile";
import type { Schema } from "../schema";
import { onSubmit, said, send } from "../submit";
import { t } from "../text";

interface Named { id: string; name: string }
interface Output { destination_id: string; profile_id: string | null; enabled: boolean }
interface Job {
  id: string; name: string; updated_at: string; source: { kind: string; key?: string; host?: string | null; port?: number };
  profile_id: string | null; outputs: Output[]; [part: string]: unknown;
}
interface First {
  job: Job | null; sources: Record<string, Schema>; parts: Record<string, Schema>; destinations: Destination[];
  types: Type[]; accounts: Account[]; storage: Named[]; media: Named[]; assets: Named[]; preset: Job["source"] | null; profiles: Profile[]; profile: ProfileParts;
}

const data = first<First>();
const { job } = data;
const form = the<HTMLFormElement>("#editor");

const basics = new Form({
  required: ["name", "kind"],
  properties: {
    name: { type: "string", title: t("name"), maxLength: 100 },
    kind: { type: "string", title: t("source"), enum: Object.keys(data.sources) },
  },
}, { name: job?.name ?? "", kind: (job?.source ?? data.preset)?.kind ?? "file" }, [], { scope: "job" });
the("#basics").append(basics.element);

let source: Form;
const kind = the<HTMLSelectElement>("select[name=kind]", basics.element);
for (const option of kind.options) option.text = t(`source_${option.value}`);
function chooseSource(): void {
  const same = job?.source.kind === kind.value;
  const schema = structuredClone(data.sources[kind.value]) ?? {};
  // An address is shown without its secrets and comes back as it was shown: no password, but text to read.
  if (schema.properties?.url) schema.properties.url = { type: "string", title: "URL", maxLength: 4096 };
  choices(schema, "source_id", data.storage);
  choices(schema, "media_id", data.media);
  const values = same && job ? job.source : data.preset?.kind === kind.value ? data.preset : {};
  const names = Object.fromEntries([...data.storage, ...data.media].map(({ id, name }) => [id, name]));
  source = new Form(schema, values, ["source"], { scope: `source_${kind.value}`, kept: same, names });
  the("#source").replaceChildren(h("p", { class: "hint" }, t(`source_${kind.value}_hint`)), source.element);
}
/** Let one choose among what there is instead of typing an id. */
function choices(schema: Schema, name: string, found: Named[]): void {
  const known = schema.properties?.[name];
  if (!known || !schema.properties) return;
  const chosen: Schema = { type: "string", enum: found.map(({ id }) => id) };
  schema.properties[name] = known.anyOf ? { anyOf: [chosen, { type: "null" }], default: null } : chosen;
}
kind.addEventListener("change", chooseSource);
chooseSource();

function profileSelect(chosen: string | null, none: string): HTMLSelectElement {
  return h("select", {}, h("option", { value: "" }, none),
    ...data.profiles.map(({ id, name }) => h("option", { value: id, selected: id === chosen }, name)));
}

/** One line per destination: taken or not, and with which profile. */
function pick(destination: Destination, output: Output | undefined): HTMLLIElement {
  const profiles = profileSelect(output?.profile_id ?? null, t("profile_of_job"));
  profiles.setAttribute("aria-label", t("profile_for", { name: destination.name }));
  const taken = h("input", { type: "checkbox", checked: output !== undefined && output.enabled });
  const follow = (): void => { profiles.hidden = !taken.checked; };
  taken.addEventListener("change", follow);
  follow();
  return h("li", { "data-destination": destination.id },
    h("label", { class: "check" }, taken, h("span", {}, destination.name, h("span", { class: "quiet" }, ` ${typeName(destination.type, data.types)}`)),
      !destination.enabled && h("span", { class: "tag" }, t("disabled"))), profiles);
}

const picks = the("#picks");
picks.append(...data.destinations.map((each) => pick(each, job?.outputs.find(({ destination_id }) => destination_id === each.id))));

function outputs(): Output[] {
  return all("[data-destination]", picks).flatMap((line) => {
    const id = line.dataset.destination ?? "";
    const enabled = the<HTMLInputElement>("input", line).checked;
    const known = job?.outputs.some(({ destination_id }) => destination_id === id);
    return enabled || known ? [{ destination_id: id, profile_id: the<HTMLSelectElement>("select", line).value || null, enabled }] : [];
  });
}

const profile = the<HTMLSelectElement>("#profile");
profile.replaceChildren(...profileSelect(null, t("profile_default")).children);
profile.value = job?.profile_id ?? "";

const rest = Object.entries(data.parts).map(([name, schema]) => {
  choices(schema, "asset_id", data.assets);
  const names = Object.fromEntries(data.assets.map((each) => [each.id, each.name]));
  const part = new Form(schema, (job?.[name] ?? {}) as Record<string, unknown>, [name], { scope: name, without: ["return"], names });
  the("#rest").append(h("fieldset", {}, h("legend", {}, t(`part_${name}`)), part.element));
  return [name, part] as const;
});
const last = new Form({
  properties: {
    autostart: { type: "boolean" }, tags: { type: "array", items: { type: "string" } },
  },
}, { autostart: job?.autostart ?? false, tags: job?.tags ?? [] }, [], { scope: "job" });
the("#rest").append(last.element);

onSubmit(form, said(), async () => {
  const { name } = basics.read();
  const body = {
    name, source: { kind: kind.value, ...source.read() }, profile_id: profile.value || null, outputs: outputs(),
    ...Object.fromEntries(rest.map(([part, fields]) => [part, fields.read()])), ...last.read(),
  };
  const kept = job ? await call<Job>("PATCH", `/stream-jobs/${job.id}`, body, { since: job.updated_at })
    : await call<Job>("POST", "/stream-jobs", body);
  if (kept.source.kind === "ingest" && kept.source.key && !kept.source.key.includes("••••")) await showKey(kept);
  location.assign(`/jobs/${kept.id}`);
}, "source");

/** The key of an ingest is shown by the answer that made it, and never again. */
function showKey({ source: { host, port, key = "" } }: Job): Promise<void> {
  const server = `rtmp://${host ?? location.hostname}:${port ?? ""}/live`;
  return showOnce(t("ingest_ready"), t("ingest_lead"), [{ label: t("ingest_server"), text: server }, { label: t("ingest_key"), text: key }]);
}

/** Ask for something new in a dialog, without leaving what has been filled in. */
function make<T>(title: string, fill: (place: HTMLElement) => { save: () => Promise<T> }, onMade: (made: T) => void): void {
  const fields = h("div");
  const trouble = h("div", { class: "said", role: "alert" });
  const inner = h("form", { class: "form", novalidate: true });
  const box = h("dialog", { class: "wide", "aria-labelledby": "make-title" }, h("h2", { id: "make-title" }, title), trouble, inner);
  const { save } = fill(fields);
  inner.append(fields, h("p", { class: "actions" },
    h("button", { class: "primary" }, t("save")), h("button", { type: "button", onclick: () => box.close() }, t("cancel"))));
  inner.addEventListener("submit", (event) => {
    event.preventDefault();
    void send(inner, trouble, async () => {
      onMade(await save());
      box.close();
    });
  });
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
}

the("[data-do=new-destination]").addEventListener("click", () => make(t("new_destination"),
  (place) => destinationForm(place, data.types, data.accounts, null),
  (made: Destination) => {
    const line = pick(made, { destination_id: made.id, profile_id: null, enabled: true });
    picks.append(line);
    the("input", line).focus();
  }));

the("[data-do=new-profile]").addEventListener("click", () => make(t("new_profile"),
  (place) => profileForm(place, data.profile, null),
  (made: Profile) => {
    data.profiles.push(made);
    profile.append(h("option", { value: made.id, selected: true }, made.name));
    profile.focus();
  }));
