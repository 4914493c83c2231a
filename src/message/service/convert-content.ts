import type { Currency__Output as CurrencyMessage } from "../../gen/posta/message/v1/Currency.js";
import type { Interactive__Output as InteractiveMessage } from "../../gen/posta/message/v1/Interactive.js";
import type { Media__Output as MediaMessage } from "../../gen/posta/message/v1/Media.js";
import type { OutgoingMessage__Output as OutgoingMessage } from "../../gen/posta/message/v1/OutgoingMessage.js";
import type { Template__Output as TemplateMessage } from "../../gen/posta/message/v1/Template.js";
import type { TemplateComponent__Output as ComponentMessage } from "../../gen/posta/message/v1/TemplateComponent.js";
import type { TemplateParameter__Output as ParameterMessage } from "../../gen/posta/message/v1/TemplateParameter.js";
import { toWord } from "../../rpc/contract/enums.js";
import type { ContentRequest } from "../content/content.js";
import type { InteractiveRequest } from "../content/content-interactive.js";
import type { MediaKind, MediaRequest } from "../content/content-media.js";
import type { ButtonType, ComponentRequest, TemplateRequest } from "../content/content-template.js";
import type { ActionRequest } from "../content/interactive-action.js";
import type { ParameterRequest } from "../content/template-parameter.js";

/**
 * The content of a message of a request, in the form that the domain takes. Throws invalid for an unknown enum value.
 */
export function toContent(message: OutgoingMessage): ContentRequest | undefined {
  const { text, template, media, interactive } = message;
  if (text) return { kind: "text", text };
  if (template) return { kind: "template", template: toTemplate(template, "template") };
  if (media) return { kind: "media", media: toMedia(media, "media") };
  if (interactive) return { kind: "interactive", interactive: toInteractive(interactive) };
  return undefined;
}

const mediaKinds: Record<string, MediaKind> = {
  IMAGE: "image",
  VIDEO: "video",
  AUDIO: "audio",
  DOCUMENT: "document",
  STICKER: "sticker",
};

function toMedia({ kind, source, id = "", link = "", caption, filename }: MediaMessage, at: string): MediaRequest {
  const sources = { id: { id }, link: { link } };
  return {
    kind: toWord(kind, "MEDIA_KIND", mediaKinds, `${at}.kind`),
    source: source && sources[source],
    caption,
    filename,
  };
}

function toTemplate({ name, language, components }: TemplateMessage, at: string): TemplateRequest {
  const parts = components.map((component, index) => toComponent(component, `${at}.components[${index}]`));
  return { name, language, components: parts };
}

const componentTypes = { HEADER: "header", BODY: "body", BUTTON: "button" } as const;
const buttonTypes: Record<string, ButtonType> = { QUICK_REPLY: "quick_reply", URL: "url", COPY_CODE: "copy_code" };

function toComponent({ type, buttonType, buttonIndex, parameters }: ComponentMessage, at: string): ComponentRequest {
  return {
    type: toWord(type, "TEMPLATE_COMPONENT_TYPE", componentTypes, `${at}.type`),
    buttonType: toWord(buttonType, "BUTTON_TYPE", buttonTypes, `${at}.button_type`),
    buttonIndex,
    parameters: parameters.map((parameter, index) => toParameter(parameter, `${at}.parameters[${index}]`)),
  };
}

function toParameter(parameter: ParameterMessage, at: string): ParameterRequest {
  return { name: parameter.name, value: toValue(parameter, at) };
}

function toValue(parameter: ParameterMessage, at: string): ParameterRequest["value"] {
  const { value, text = "", dateTime = "", payload = "", couponCode = "", media, currency } = parameter;
  if (media) return { kind: "media", media: toMedia(media, `${at}.media`) };
  if (currency) return { kind: "currency", currency: toCurrency(currency) };
  if (value === "text") return { kind: "text", text };
  if (value === "dateTime") return { kind: "date_time", dateTime };
  if (value === "payload") return { kind: "payload", payload };
  if (value === "couponCode") return { kind: "coupon_code", couponCode };
  return undefined;
}

function toCurrency({ fallbackValue, code, amount_1000: amount1000 }: CurrencyMessage) {
  return { fallbackValue, code, amount1000 };
}

function toInteractive(message: InteractiveMessage): InteractiveRequest {
  const { header, body, footer } = message;
  return { header, body, footer, action: toAction(message) };
}

function toAction({ buttons, list, callToAction }: InteractiveMessage): ActionRequest | undefined {
  if (buttons) return { kind: "buttons", buttons: buttons.buttons };
  if (list) return { kind: "list", button: list.button, sections: list.sections };
  if (callToAction) return { kind: "call_to_action", ...callToAction };
  return undefined;
}
