import { isIP, SocketAddress } from "node:net";
import type { PeerCertificate } from "node:tls";

/** Kinds of alternative names that can name a caller. Node's word for an address is "IP Address". */
const altNameKinds = ["DNS", "URI", "IP", "email"];

/**
 * A certificate's names, in the same form as the names in the auth file. The subject becomes one name, "subject:...",
 * with its attributes in alphabetical order. Each alternative name becomes "san:...". A subject matches only as a
 * whole.
 */
export function identitiesOf({ subject, subjectaltname = "" }: PeerCertificate): string[] {
  const attributes = Object.entries(subject ?? {}).flatMap(([key, value]) => [value].flat().map((one) => [key, one]));
  const names = attributes.length > 0 ? [subjectIdentity(attributes as [string, string][])] : [];
  // Node writes a name as JSON text if the name has characters that could make it look like several names.
  for (const [, kind = "", value = ""] of subjectaltname.matchAll(/(?:^|, )([\w ]+):("(?:[^"\\]|\\.)*"|[^,]*)/g)) {
    names.push(altNameIdentity(kind.replace(" Address", ""), value.startsWith('"') ? JSON.parse(value) : value));
  }
  return names;
}

/**
 * The identity for a text of the auth file: "subject:CN=billing,O=Acme" or "san:DNS:billing.internal". The attributes
 * of a subject may have any order. A comma or backslash in a value has a backslash before it. undefined: the text has
 * neither form, or its IP address is not valid.
 */
export function parseIdentity(text: string): string | undefined {
  if (text.startsWith("subject:")) return parseSubject(text.slice("subject:".length));
  const [, kind = "", value] = /^san:(\w+):(.+)$/.exec(text) ?? [];
  if (value === undefined || !altNameKinds.includes(kind) || (kind === "IP" && !isAddress(value))) return undefined;
  return altNameIdentity(kind, value);
}

function parseSubject(text: string): string | undefined {
  const attributes: [string, string][] = [];
  for (const [part] of text.matchAll(/(?:[^,\\]|\\.?)+/g)) {
    const [, key, value] = /^\s*([\w.]+)\s*=\s*(.*?)\s*$/.exec(part) ?? [];
    if (key === undefined || !value) return undefined;
    attributes.push([key, value.replace(/\\(.)/g, "$1")]);
  }
  return attributes.length > 0 ? subjectIdentity(attributes) : undefined;
}

function subjectIdentity(attributes: [string, string][]): string {
  const pairs = attributes.map(([key, value]) => JSON.stringify([key, value]));
  return `subject:${pairs.sort().join()}`;
}

function altNameIdentity(kind: string, value: string): string {
  return `san:${kind}:${normalize(kind, value)}`;
}

/** An IP address without a zone ("fe80::1%eth0"): addresses in certificates have none. */
function isAddress(value: string): boolean {
  return isIP(value) !== 0 && !value.includes("%");
}

/** Host names ignore case, and an IPv6 address can be written in several ways. */
function normalize(kind: string, value: string): string {
  if (kind === "DNS") return value.toLowerCase();
  return kind === "IP" && isIP(value) === 6 ? new SocketAddress({ address: value, family: "ipv6" }).address : value;
}
