import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { detailsOf, failureOf } from "../support/client.js";
import { type Bundle, freshNumber, setup } from "./service-setup.js";

let bundle: Bundle;
beforeAll(async () => {
  bundle = await setup();
});
afterAll(() => bundle.stop());

const to = freshNumber();
const send = (message: object) => bundle.call("SendMessage", { message: { to, ...message } });
const body = { type: "TEMPLATE_COMPONENT_TYPE_BODY" };
const button = { type: "TEMPLATE_COMPONENT_TYPE_BUTTON", buttonType: "BUTTON_TYPE_COPY_CODE" };
const image = { kind: "MEDIA_KIND_IMAGE", link: "https://e.com/a.png" };
const template = (component: object) => ({ template: { name: "n", language: "en", components: [component] } });

describe("each content of the contract", () => {
  it.each<[string, object, object]>([
    ["text", { text: { body: "a", previewUrl: true } }, { body: "a", preview_url: true }],
    ["image", { media: { ...image, caption: "c" } }, { link: image.link, caption: "c" }],
    ["document", { media: { kind: "MEDIA_KIND_DOCUMENT", id: "1", filename: "f" } }, { id: "1", filename: "f" }],
    [
      "template",
      template({ ...body, parameters: [{ name: "n", text: "t" }, { dateTime: "d" }] }),
      {
        name: "n",
        language: { code: "en" },
        components: [
          {
            type: "body",
            parameters: [
              { type: "text", text: "t", parameter_name: "n" },
              { type: "date_time", date_time: { fallback_value: "d" } },
            ],
          },
        ],
      },
    ],
    [
      "template",
      template({ ...button, buttonIndex: 2, parameters: [{ couponCode: "C" }] }),
      {
        name: "n",
        language: { code: "en" },
        components: [
          {
            ...{ type: "button", sub_type: "copy_code", index: "2" },
            parameters: [{ type: "coupon_code", coupon_code: "C" }],
          },
        ],
      },
    ],
    [
      "interactive",
      { interactive: { body: "b", buttons: { buttons: [{ id: "i", title: "t" }] } } },
      { type: "button", body: { text: "b" }, action: { buttons: [{ type: "reply", reply: { id: "i", title: "t" } }] } },
    ],
    [
      "interactive",
      { interactive: { body: "b", list: { button: "m", sections: [{ rows: [{ id: "i", title: "t" }] }] } } },
      {
        ...{ type: "list", body: { text: "b" } },
        action: { button: "m", sections: [{ rows: [{ id: "i", title: "t" }] }] },
      },
    ],
    [
      "interactive",
      { interactive: { body: "b", callToAction: { displayText: "d", url: "https://e.com" } } },
      {
        ...{ type: "cta_url", body: { text: "b" } },
        action: { name: "cta_url", parameters: { display_text: "d", url: "https://e.com" } },
      },
    ],
  ])("becomes what the Cloud API takes: %s", async (type, message, value) => {
    const { messageId } = await send(message);
    const { message: stored } = await bundle.call("GetMessage", { messageId });
    expect(stored.type).toBe(type);
    const request = JSON.parse(stored.contentJson);
    expect(request).toMatchObject({ messaging_product: "whatsapp", to, type, biz_opaque_callback_data: messageId });
    expect(request[type]).toEqual(value);
  });
});

describe("what only the message can get wrong", () => {
  const parameter = "template.components[0].parameters[0]";
  it.each<[string, object, string, string]>([
    ["no content", {}, "content", "is required"],
    ["an unknown priority", { text: { body: "a" }, priority: 3 }, "priority", "3 is none of CRITICAL, NORMAL, LOW"],
    ["an unknown policy", { text: { body: "a" }, policy: 9 }, "policy", "9 is none of AT_MOST_ONCE, AT_LEAST_ONCE"],
    ["a time of too many nanos", { text: { body: "a" }, sendTime: { nanos: 1e9 } }, "send_time", "nanos 1000000000"],
    ["a medium of no kind", { media: { id: "1" } }, "media.kind", "is required"],
    ["a medium of an unknown kind", { media: { kind: 9, id: "1" } }, "media.kind", "9 is none of IMAGE"],
    ["a medium of no source", { media: { kind: 1 } }, "media.source", "is required: id or link"],
    ["a part of an unknown type", template({ type: 9 }), "template.components[0].type", "9 is none of HEADER"],
    ["an unknown button", template({ ...button, buttonType: 9 }), "template.components[0].button_type", "9 is none of"],
    ["a parameter of no value", template({ ...body, parameters: [{}] }), `${parameter}.value`, "is required"],
    ["an empty text", template({ ...body, parameters: [{ text: "" }] }), `${parameter}.text`, "is required"],
    ["nothing to tap", { interactive: { body: "b" } }, "interactive.action", "is required"],
  ])("%s is refused", async (_, message, field, part) => {
    const error = await failureOf(send(message));
    expect(error.code, error.details).toBe(status.INVALID_ARGUMENT);
    expect(error.details.startsWith(`message.${field}: `), error.details).toBe(true);
    expect(error.details).toContain(part);
    const violation = { field: `message.${field}`, description: error.details };
    expect(detailsOf(error).BadRequest.fieldViolations).toEqual([violation]);
  });

  it("is a request without a message", async () => {
    expect((await failureOf(bundle.call("SendMessage", {}))).details).toBe("message: is required");
  });
});
