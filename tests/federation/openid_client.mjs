// A relying party made of npm openid-client: says where to go, reads the address that came back, says what it learned.
// argv: the package's entry, issuer, client id, client secret, redirect URI, scope.
import { createInterface } from "node:readline/promises";
import { pathToFileURL } from "node:url";

const [entry, issuer, clientId, secret, redirectUri, scope] = process.argv.slice(2);
const oidc = await import(pathToFileURL(entry).href);
const say = (what) => console.log(JSON.stringify(what));
const config = await oidc.discovery(new URL(issuer), clientId, undefined, oidc.ClientSecretBasic(secret), {
  execute: [oidc.allowInsecureRequests], // plain http, on loopback only
});
const verifier = oidc.randomPKCECodeVerifier();
const state = oidc.randomState();
const nonce = oidc.randomNonce();
say(
  oidc.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope,
    state,
    nonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  }).href,
);
const input = createInterface({ input: process.stdin });
const { value: back } = await input[Symbol.asyncIterator]().next();
const tokens = await oidc.authorizationCodeGrant(config, new URL(back), {
  pkceCodeVerifier: verifier,
  expectedState: state,
  expectedNonce: nonce,
  idTokenExpected: true,
});
const person = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
const logout = oidc.buildEndSessionUrl(config, { id_token_hint: tokens.id_token, post_logout_redirect_uri: redirectUri, state: "bye" });
say({ claims: tokens.claims(), person, logout: logout.href });
input.close();
