/** The page of a storage source: its form, its worker, its scans. */
import { post } from "../api";
import { first, say, the } from "../element";
import { keep } from "../keeping";
import { keptForm, type Kept, type Type } from "../kept";
import { listen } from "../live";
import { attempt } from "../notice";
import type { Schema } from "../schema";
import "../shell";
import { said } from "../submit";
import { t } from "../text";

interface Scan { source_id: string; state: string; counts: Record<string, number> }

const { source, types, schema } = first<{ source: Kept | null; types: Type[]; schema: Schema }>();
const own = Object.entries(schema.properties ?? {}).filter(([name]) => !["name", "type", "config"].includes(name));
const { save } = keptForm<Kept>(the("#fields"), {
  path: "/storage-sources", types, kept: source, preferred: "local", scope: "storage",
  fields: () => ({ ...schema, required: [], properties: Object.fromEntries(own) }),
});
keep({ save, list: "/storage", next: ({ id }) => `/storage/${id}`, path: "/storage-sources", kept: source, detail: t("delete_source_detail") });

function act(name: string, path: string): void {
  document.querySelector<HTMLButtonElement>(`[data-do=${name}]`)?.addEventListener("click", (event) => {
    const button = event.currentTarget as HTMLButtonElement;
    button.disabled = true;
    void attempt(async () => {
      await post(path);
      if (name !== "scan") location.reload();
    }, said()).finally(() => { button.disabled = false; });
  });
}

if (source) {
  act("mount", `/mounts/${source.id}/mount`);
  act("unmount", `/mounts/${source.id}/unmount`);
  act("scan", `/storage-sources/${source.id}/scan`);
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
