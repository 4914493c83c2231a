/** A response that answers many calls. The first call encodes the response, for all transports. */
export class SharedAnswer<Response extends object> {
  private encoded: Buffer | undefined;

  constructor(private readonly response: Response) {}

  /** The response in binary form. `serialize` is the encoder of its method. */
  encode(serialize: (response: Response) => Buffer): Buffer {
    this.encoded ??= serialize(this.response);
    return this.encoded;
  }
}

/** Makes one shared answer for each result, and reuses that answer for as long as the result is kept. */
export function sharedAnswers<Result extends object, Response extends object>(
  toResponse: (result: Result) => Response,
): (result: Result) => SharedAnswer<Response> {
  const answers = new WeakMap<Result, SharedAnswer<Response>>();
  return (result) => {
    let answer = answers.get(result);
    if (!answer) {
      answer = new SharedAnswer(toResponse(result));
      answers.set(result, answer);
    }
    return answer;
  };
}

/** An encoder of a method's responses that takes shared answers as well. */
export function encodeShared(
  serialize: (response: object) => Buffer,
): (response: object | SharedAnswer<object>) => Buffer {
  return (response) => (response instanceof SharedAnswer ? response.encode(serialize) : serialize(response));
}
