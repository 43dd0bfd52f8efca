// A real OpenID provider on loopback: anybody may sign in there with any name; the name is the subject.
// node provider.mjs PORT CLIENT_SECRET REDIRECT_URI [OPTIONS]
// OPTIONS is JSON: rotate (refresh tokens are good once), access (seconds that access tokens live), device (seconds
// that a device code lives). With them it also hands out refresh tokens and takes revocations.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const [port, secret, redirectUri, given] = process.argv.slice(2);
const options = given ? JSON.parse(given) : null;
const device = "urn:ietf:params:oauth:grant-type:device_code";
const client = {
  client_id: "castcore",
  client_secret: secret,
  redirect_uris: [redirectUri],
  response_types: ["code"],
  grant_types: options ? ["authorization_code", "refresh_token", device] : ["authorization_code"],
  ...(options ? { application_type: "native", token_endpoint_auth_method: "client_secret_post" } : {}),
};
const more = options && {
  issueRefreshToken: () => true,
  rotateRefreshToken: options.rotate,
  ttl: { AccessToken: options.access, DeviceCode: options.device, RefreshToken: 86400, Grant: 86400, Session: 600, Interaction: 600 },
  features: { deviceFlow: { enabled: true }, revocation: { enabled: true } },
};
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [client],
  claims: { openid: ["sub"], profile: ["preferred_username", "name"] },
  cookies: { keys: ["only for tests"] },
  pkce: { required: () => true },
  findAccount: (_context, id) => ({
    accountId: id,
    claims: () => ({ sub: `subject of ${id}`, preferred_username: id, name: `Name ${id}` }),
  }),
  ...more,
});
createServer(provider.callback()).listen(Number(port), "127.0.0.1");
