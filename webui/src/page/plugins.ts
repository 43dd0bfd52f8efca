/** Plugins are switched on and off, and where the setting allows it, installed, upgraded and removed. */
import { get, post, Refusal } from "../api";
import { all, first, h, the } from "../element";
import { attempt, confirmed, notice, show } from "../notice";
import "../shell";
import { onSubmit } from "../submit";
import { t, type Coded } from "../text";

interface Installation {
  action: string; requirement: string; state: "running" | "done" | "failed"; step: string; restart: boolean;
  changes: { name: string; before: string; after: string }[]; stays: string[]; error: Coded | null;
}

const said = the("#said");
const place = the("#installation");

/** Follow a change until it is over. */
async function follow(): Promise<void> {
  const found = await get<Installation>("/plugins/installation");
  if (found.state === "running") {
    place.replaceChildren(notice({ message: t("installation_running", { name: found.requirement, step: t(`step_${found.step}`) }), cause: "", remedy: "" }, "info"));
    setTimeout(() => void follow(), 1000);
  } else if (found.error) await show(place, found.error);
  else location.assign(`/plugins?done=${found.action}`);
}

for (const row of all("[data-plugin]")) {
  const id = row.dataset.plugin ?? "";
  const act = (verb: string): void => void attempt(async () => {
    await post(`/plugins/${id}/${verb}`);
    if (verb === "enable" || verb === "disable") location.reload();
    else await follow();
  }, said);
  const ask = (verb: string, detail: string): void => {
    row.querySelector(`[data-do=${verb}]`)?.addEventListener("click", () => {
      void confirmed(t(`${verb}_question`, { name: id }), t(verb), t(detail)).then((yes) => { if (yes) act(verb); });
    });
  };
  row.querySelector("[data-do=enable]")?.addEventListener("click", () => act("enable"));
  ask("disable", "disable_detail");
  ask("upgrade", "upgrade_detail");
  ask("uninstall", "uninstall_detail");
}

const install = document.querySelector<HTMLFormElement>("#install");
if (install) {
  onSubmit(install, said, async () => {
    await post("/plugins/install", { requirement: String(new FormData(install).get("requirement")).trim() });
    await follow();
  }, "");
}

/** What the last change has done, for whoever has just come back from it. */
async function summary(): Promise<void> {
  let found: Installation;
  try {
    found = await get<Installation>("/plugins/installation");
  } catch (error) {
    if (error instanceof Refusal) return; // there was none
    throw error;
  }
  if (found.state === "running") return follow();
  const lines = found.changes.map(({ name, before, after }) => h("li", {}, `${name} `, h("code", {}, `${before || "–"} → ${after || "–"}`)));
  place.replaceChildren(notice({ message: t(`done_${found.action}`, { name: found.requirement }), cause: found.restart ? t("restart_needed") : "", remedy: "" }, found.restart ? "warning" : "ok"), h("ul", {}, ...lines),
    found.stays.length ? h("p", { class: "hint" }, t("stays"), ...found.stays.map((each) => h("code", {}, ` ${each}`))) : "");
}
if (first<{ done: boolean } | null>()?.done) void summary();
