/** The JSON API, called with the page's cookie. */
import type { Coded } from "./text";

export class Refusal extends Error implements Coded {
  constructor(readonly status: number, readonly code: string, readonly params: Record<string, unknown>) {
    super(code);
  }

  /** The fields at fault, by their path. */
  get fields(): { path: (string | number)[]; type: string }[] {
    const fields = this.params.fields;
    return Array.isArray(fields) ? fields as { path: (string | number)[]; type: string }[] : [];
  }
}

export interface List<T> { items: T[]; total: number; limit: number; offset: number }

interface Options {
  /** `updated_at` of what one has seen: a change by somebody else meanwhile is refused. */
  since?: string;
  stay?: boolean;
}

/** Call the API. Throws Refusal; a session that is over leads to the sign-in, unless one wants to `stay`. */
export async function call<T = unknown>(method: string, path: string, body?: unknown, options: Options = {}): Promise<T> {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (options.since) headers["If-Unmodified-Since"] = options.since;
  return send<T>(method, path, headers, body === undefined ? undefined : JSON.stringify(body), options);
}

async function send<T>(method: string, path: string, headers: Record<string, string>, body: BodyInit | undefined, options: Options = {}): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(`/api/v1${path}`, { method, headers: { Accept: "application/json", ...headers }, credentials: "same-origin", body });
  } catch {
    throw new Refusal(0, "web.unreachable", {});
  }
  if (answer.ok) return (answer.status === 204 ? undefined : await answer.json()) as T;
  const refusal = await refusalOf(answer);
  if (answer.status === 401 && !options.stay) {
    location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  }
  throw refusal;
}

async function refusalOf(answer: Response): Promise<Refusal> {
  try {
    const { error } = await answer.json() as { error: Required<Coded> };
    return new Refusal(answer.status, error.code, error.params);
  } catch {
    return new Refusal(answer.status, "web.unreadable", { status: answer.status });
  }
}

/** Send files; the browser itself names the parts of the body. */
export const upload = <T = unknown>(path: string, data: FormData): Promise<T> => send<T>("POST", path, {}, data);
export const get = <T>(path: string): Promise<T> => call<T>("GET", path);
export const post = <T = unknown>(path: string, body?: unknown): Promise<T> => call<T>("POST", path, body);
