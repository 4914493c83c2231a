import type { Refusal } from "./errors.js";

/** What the API refuses for what it says, whatever its type and length. */
interface Rule {
  /** Where, as a path into the body. */
  at: RegExp;
  isBroken(value: unknown): boolean;
  code: number;
  details: string;
}

const parameters = String.raw`^template\.components\.\d+\.parameters`;
const isBlank = (value: unknown) => typeof value === "string" && value.trim() === "";
const areSeveral = (value: unknown) => Array.isArray(value) && value.length > 1;

const rules: Rule[] = [
  {
    at: new RegExp(String.raw`${parameters}\.\d+\.(text|(currency|date_time)\.fallback_value)$`),
    isBroken: (value) => /[\r\n\t]| {5}/.test(String(value)),
    code: 132018,
    details: "Param text cannot have new-line/tab characters or more than 4 consecutive spaces",
  },
  {
    at: new RegExp(String.raw`${parameters}\.\d+\.(text|payload|coupon_code|(currency|date_time)\.fallback_value)$`),
    isBroken: isBlank,
    code: 131008,
    details: "Parameter of type text is missing text value",
  },
  {
    at: /^text\.body$|^interactive\.((header|body|footer)\.text|action\.(.+\.)?(button|title|id|display_text))$/,
    isBroken: isBlank,
    code: 131008,
    details: "Required parameter is blank",
  },
  {
    at: /^interactive\.action\.buttons\.\d+\.reply\.id$/,
    isBroken: (value) => String(value).trim() !== value,
    code: 131009,
    details: "Button id cannot have leading or trailing spaces",
  },
];

/** Header and buttons of a template have one place each. */
const singleParts = /^(header|button)$/;

/** Why the API refuses a body that is well-formed, if it does. */
export function checkContent(body: object): Refusal | undefined {
  for (const [path, value] of walk(body, "")) {
    const broken = rules.find(({ at, isBroken }) => at.test(path) && isBroken(value));
    if (broken) return { code: broken.code, details: `${path}: ${broken.details}` };
  }
  return checkParts(body);
}

function checkParts(body: object): Refusal | undefined {
  const { template } = body as { template?: { components?: { type: string; parameters?: { text?: string }[] }[] } };
  for (const { type, parameters } of template?.components ?? []) {
    if (singleParts.test(type) && areSeveral(parameters)) {
      return { code: 132000, details: `${type}: number of localizable_params does not match the expected number` };
    }
    if (type === "header" && parameters?.some(({ text = "" }) => [...text].length > 60)) {
      return { code: 132005, details: "header: the text is over 60 characters" };
    }
  }
  return undefined;
}

/** Each value of a body that is neither a list nor an object, with its path. */
function* walk(value: unknown, path: string): Iterable<[string, unknown]> {
  if (typeof value !== "object" || value === null) return yield [path, value];
  for (const [key, inner] of Object.entries(value)) yield* walk(inner, path === "" ? key : `${path}.${key}`);
}
