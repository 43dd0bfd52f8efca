/** What a form needs to know of a JSON Schema. */

export interface Hints {
  widget?: "text" | "textarea" | "select" | "path" | "url" | "duration" | "bitrate" | null;
  group?: string | null;
  advanced?: boolean;
  dependsOn?: Record<string, string | boolean>;
}

export interface Schema {
  type?: string | string[];
  title?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  const?: unknown;
  format?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  $ref?: string;
  $defs?: Record<string, Schema>;
  minimum?: number;
  maximum?: number;
  multipleOf?: number;
  minLength?: number;
  maxLength?: number;
  "x-castcore-ui"?: Hints;
  "x-castcore-secret"?: boolean;
  /** What a plugin's catalogue calls its choices. */
  "x-castcore-names"?: Record<string, string>;
}

export interface Shape {
  schema: Schema;
  nullable: boolean;
  secret: boolean;
  hints: Hints;
}

/** Follow references and take `null` out of a union. */
export function shapeOf(schema: Schema, defs: Record<string, Schema>): Shape {
  let found = schema;
  let nullable = false;
  for (let depth = 0; depth < 8; depth += 1) {
    const { $ref, allOf, anyOf, oneOf, ...own } = found;
    const union = anyOf ?? oneOf;
    if ($ref) found = { ...defs[$ref.split("/").at(-1) ?? ""], ...own };
    else if (allOf?.length === 1) found = { ...allOf[0], ...own };
    else if (union) {
      nullable ||= union.some((part) => part.type === "null");
      found = { ...union.find((part) => part.type !== "null"), ...own };
    } else break;
  }
  const secret = Boolean(found["x-castcore-secret"]) || found.format === "password";
  return { schema: found, nullable, secret, hints: found["x-castcore-ui"] ?? {} };
}
