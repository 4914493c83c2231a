import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/**
 * The 32 bytes of the header X-Hub-Signature-256, "sha256=<hex>". undefined: the header is missing or has another form.
 */
export function parseSignature(header: string | string[] | undefined): Buffer | undefined {
  const [, hex] = /^sha256=([0-9a-f]{64})$/i.exec(String(header)) ?? [];
  return hex === undefined ? undefined : Buffer.from(hex, "hex");
}

/** Whether a body was signed with the secret. */
export function isSigned(body: Buffer, secret: string, signature: Buffer): boolean {
  return timingSafeEqual(createHmac("sha256", secret).update(body).digest(), signature);
}

/** Compares secrets. How long that takes depends neither on where they differ nor on their lengths. */
export function isSameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
