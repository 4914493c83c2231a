/**
 * Shares reads whose answers may not be old. A caller that asks while the same read is under way waits for the next
 * read. The next read begins after the current one, and all waiting callers share it. So each answer has everything
 * that was there when the caller asked, and a store gets one read of a question at a time.
 */
export class SharedReads<Answer> {
  private readonly running = new Map<string, Running<Answer>>();

  /** The answer to a question. The question names everything that `read` depends on. */
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
