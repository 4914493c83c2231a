import { invalid, show } from "../../errors/posta-error.js";
import { type ParameterRequest, type Place, parseParameter } from "./template-parameter.js";

/** A template that WhatsApp has approved, with its parameters. */
export interface TemplateRequest {
  name: string;
  language: string;
  components: ComponentRequest[];
}

export type ButtonType = "quick_reply" | "url" | "copy_code";

/** One part of a template. */
export interface ComponentRequest {
  /** undefined: the caller gave none. */
  type: "header" | "body" | "button" | undefined;
  /** Only of a button. undefined: the caller gave none. */
  buttonType: ButtonType | undefined;
  /** Which button, counted from 0. Also 0 if the component is not a button. */
  buttonIndex: number;
  parameters: ParameterRequest[];
}

const maxNameCharacters = 512;
const maxComponents = 20;
/** A body takes a parameter for each place in its text. A header and a button take one. */
const maxParameters = { header: 1, body: 50, button: 1 };
const maxButtonIndex = 9;

/** The Cloud API's `template`. */
export function parseTemplate({ name, language, components }: TemplateRequest, at: string): object {
  requireName(name, `${at}.name`);
  requireLanguage(language, `${at}.language`);
  if (components.length > maxComponents) {
    throw invalid(`${at}.components`, `${components.length} items is over ${maxComponents}`);
  }
  const parts = components.map((component, index) => parseComponent(component, `${at}.components[${index}]`));
  requireOnce(components, `${at}.components`);
  return { name, language: { code: language }, ...(parts.length > 0 ? { components: parts } : {}) };
}

function requireName(name: string, field: string): void {
  if (name === "") throw invalid(field, "is required");
  if (name.length > maxNameCharacters) throw invalid(field, `${name.length} characters is over ${maxNameCharacters}`);
  if (!/^[a-z0-9_]+$/.test(name)) {
    throw invalid(field, `${show(name)} is not of lower-case letters, digits and underscores`);
  }
}

function requireLanguage(language: string, field: string): void {
  if (language === "") throw invalid(field, "is required");
  if (!/^[a-z]{2,3}(_[A-Z]{2,3})?$/.test(language))
    throw invalid(field, `${show(language)} is not like "en" or "en_US"`);
}

function parseComponent(component: ComponentRequest, at: string): object {
  const { type, parameters } = component;
  if (type === undefined) throw invalid(`${at}.type`, "is required: HEADER, BODY or BUTTON");
  const max = maxParameters[type];
  if (parameters.length > max)
    throw invalid(`${at}.parameters`, `${parameters.length} items is over ${max} of a ${type}`);
  const button = type === "button" ? parseButton(component, at) : refuseButton(component, at);
  const place: Place = button?.sub_type ?? (type as Place);
  const parsed = parameters.map((parameter, index) => parseParameter(parameter, place, `${at}.parameters[${index}]`));
  return { type, ...button, parameters: parsed };
}

/** The Cloud API takes the index of a button as text. */
function parseButton({ buttonType, buttonIndex }: ComponentRequest, at: string) {
  if (buttonType === undefined) throw invalid(`${at}.button_type`, "is required: QUICK_REPLY, URL or COPY_CODE");
  if (buttonIndex < 0) throw invalid(`${at}.button_index`, `${buttonIndex} is under 0`);
  if (buttonIndex > maxButtonIndex) throw invalid(`${at}.button_index`, `${buttonIndex} is over ${maxButtonIndex}`);
  return { sub_type: buttonType, index: String(buttonIndex) };
}

function refuseButton({ buttonType, buttonIndex }: ComponentRequest, at: string): undefined {
  if (buttonType !== undefined) throw invalid(`${at}.button_type`, "goes with a BUTTON");
  if (buttonIndex !== 0) throw invalid(`${at}.button_index`, "goes with a BUTTON");
}

/** A template has at most one header, one body, and one button of each index. */
function requireOnce(components: ComponentRequest[], at: string): void {
  const seen = new Set<string>();
  for (const [index, { type, buttonIndex }] of components.entries()) {
    const part = type === "button" ? `button ${buttonIndex}` : `${type}`;
    if (seen.has(part)) throw invalid(`${at}[${index}]`, `is a second ${part}`);
    seen.add(part);
  }
}
