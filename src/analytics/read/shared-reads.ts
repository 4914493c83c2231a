/**
 * Reads that may not be old: who asks for what is being read already waits for the next read, which begins after, and shares
 * that with all who do. So each answer has what was there when it was asked for, and a store is asked once at a time.
 */
export class SharedReads<Answer> {
  private readonly running = new Map<string, Running<Answer>>();

  /** The answer to a question, which is what `read` depends on. */
  get(question: string, read: () => Promise<Answer>): Promise<Answer> {
    const running = this.running.get(question);
    if (!running) return this.start(question, read);
    running.next ??= running.over.then(() => this.start(question, read));
    return running.next;
  }

  private start(question: string, read: () => Promise<Answer>): Promise<Answer> {
    const answer = read();
    const settled = () => {
      if (!running.next) this.running.delete(question);
    };
    const running: Running<Answer> = { over: answer.then(settled, settled), next: undefined };
    this.running.set(question, running);
    return answer;
  }
}

interface Running<Answer> {
  over: Promise<void>;
  next: Promise<Answer> | undefined;
}
