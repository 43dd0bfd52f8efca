/** The fields of a destination. */
import { keptForm, type Kept, type Type as KeptType } from "./kept";
import { t } from "./text";

export interface Account { id: string; name: string; type: string; label: string }
export interface Type extends KeptType { capabilities: string[] }
export interface Destination extends Kept { enabled: boolean; available: boolean; account: string | null }

/** Fields of a destination inside `place`; `save` sends them and returns what has been kept. */
export function destinationForm(
  place: HTMLElement, types: Type[], accounts: Account[], kept: Destination | null,
): { save: () => Promise<Destination> } {
  return keptForm<Destination>(place, {
    path: "/destinations", types, kept, preferred: "rtmp", scope: "destination",
    fields: (type) => ({
      properties: {
        ...types.some(({ id, capabilities }) => id === type && capabilities.includes("oauth")) ? {
          account: {
            title: t("platform_account"),
            anyOf: [{ type: "string", enum: accounts.filter((each) => each.type === type).map(({ id }) => id) }, { type: "null" }],
          },
        } : {},
        ...kept ? { enabled: { type: "boolean", title: t("enabled") } } : {},
      },
    }),
    names: Object.fromEntries(accounts.map(({ id, name, label }) => [id, label ? `${name} (${label})` : name])),
  });
}
