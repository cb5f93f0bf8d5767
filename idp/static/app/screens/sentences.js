// What a refusal says to people. A wrong PIN is known to the server alone, and so the words say who refused.

import { Refused, Unreachable } from "../issuer.js";
import { t, tn } from "../words.js";

const KNOWN = ["clock_skew", "device_unknown", "device_suspended", "device_waiting", "pairing_over", "request_over", "too_many"];

export const sentence = (error) => {
  if (error instanceof Unreachable) return t("error.unreachable");
  if (!(error instanceof Refused)) return t("error.failed");
  const { key, details } = error;
  if (key === "number_wrong") return tn("error.number_wrong", details.tries_left);
  if (key === "code_wrong" && !details.device_tries_left) return t("error.device_suspended");
  if (key === "code_wrong") return tn("error.code_wrong", details.device_tries_left);
  return t(KNOWN.includes(key) ? `error.${key}` : "error.failed");
};
