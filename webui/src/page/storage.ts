/** The page of a storage source: its form, its worker, its scans. */
import { post, Refusal } from "../api";
import { first, say, the } from "../element";
import { keep } from "../keeping";
import { keptForm, type Kept, type Type } from "../kept";
import { listen } from "../live";
import { attempt, confirmed } from "../notice";
import type { Schema } from "../schema";
import "../shell";
import { said } from "../submit";
import { t, tell } from "../text";

interface Scan { source_id: string; state: string; counts: Record<string, number> }

const { source, types, schema } = first<{ source: Kept | null; types: Type[]; schema: Schema }>();
const own = Object.entries(schema.properties ?? {}).filter(([name]) => !["name", "type", "config"].includes(name));
const { save } = keptForm<Kept>(the("#fields"), {
  path: "/storage-sources", types, kept: source, preferred: "local", scope: "storage",
  fields: () => ({ ...schema, required: [], properties: Object.fromEntries(own) }),
});
keep({ save, list: "/storage", next: ({ id }) => `/storage/${id}`, path: "/storage-sources", kept: source, detail: t("delete_source_detail") });

/** Let a button do something; the page is shown anew where that changes what it shows. */
function act(name: string, action: () => Promise<{ anew: boolean }>): void {
  document.querySelector<HTMLButtonElement>(`[data-do=${name}]`)?.addEventListener("click", (event) => {
    const button = event.currentTarget as HTMLButtonElement;
    button.disabled = true;
    void attempt(async () => {
      if ((await action()).anew) location.reload();
    }, said()).finally(() => { button.disabled = false; });
  });
}

/** Disconnect a source; where it is in use, say by whom and ask. */
async function unmount({ id, name }: Kept): Promise<{ anew: boolean }> {
  const path = `/mounts/${id}/unmount`;
  try {
    await post(path);
  } catch (error) {
    if (!(error instanceof Refusal) || !["conflict.in_use", "storage.being_read"].includes(error.code)) throw error;
    const { message } = await tell(error);
    if (!await confirmed(t("unmount_question", { name }), t("unmount"), `${message} ${t("unmount_detail")}`)) return { anew: false };
    await post(`${path}?force=true`);
  }
  return { anew: true };
}

if (source) {
  act("mount", async () => { await post(`/mounts/${source.id}/mount`); return { anew: true }; });
  act("unmount", () => unmount(source));
  act("scan", async () => { await post(`/storage-sources/${source.id}/scan`); return { anew: false }; });
  let scanning = false;
  listen("/ws/status", (type, data) => {
    const scan = data as Scan;
    if (type !== "scan" || scan.source_id !== source.id) return;
    const { found = 0, read = 0, to_read = 0 } = scan.counts;
    say(the("#scan"), t(`scan_told_${scan.state}`, { found, read, to_read }));
    if (["done", "failed"].includes(scan.state)) {
      if (scanning) location.reload();
    } else scanning = true;
  });
}
