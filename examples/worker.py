"""A worker for Posta on nothing but the contract: python3 examples/worker.py emails

It leases jobs of a queue, extends the leases while it works, reports what became of each job until the report has a
verdict, and drains on SIGTERM. Put your own work into handle(). Needs grpcio and grpcio-tools (examples/requirements.txt).
ADDRESS=127.0.0.1:50051 and TOKEN are read from the environment. docs/workers.md has the rules that it follows.
"""

import json
import os
import random
import signal
import socket
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc

sys.path.append(str(Path(__file__).parent.parent / "proto"))
services = grpc.services("posta/queue/v1/worker_service.proto")
leases = grpc.protos("posta/queue/v1/lease.proto")
reports = grpc.protos("posta/queue/v1/report.proto")

CONCURRENCY = 10
LEASE_SECONDS = 15
WAIT_SECONDS = 10
MOST_RESULT_BYTES = 1 << 20  # POSTA_QUEUE_MAX_JOB_BYTES
# Errors that pass: the same request may succeed later.
PASSING = {code.value[0] for code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)}
EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED.value[0]
VERDICT = reports.ReportVerdict


def passes(error):
    """Whether a report that failed may succeed later. RESOURCE_EXHAUSTED without a retry delay means that it is too large."""
    if error.code == EXHAUSTED:
        return any(detail.type_url.endswith("/google.rpc.RetryInfo") for detail in error.details)
    return error.code in PASSING


def passes_call(error):
    """Whether a call that failed may succeed later."""
    code = error.code().value[0]
    return code in PASSING or (code == EXHAUSTED and any(key == "grpc-status-details-bin" and b"RetryInfo" in value for key, value in error.trailing_metadata() or ()))


def say(line):
    """Writes a line at once, so that lines of several threads do not mix."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def handle(job, is_over):
    """Does a job and returns its result. Stops early when is_over() says that the job was cancelled, or is somebody else's now."""
    say(f"{job.job_id} attempt {job.attempt}: {job.name} {job.data_json}")
    return {"done": job.name}


class Worker:
    def __init__(self, address, queue, token=None):
        # By default the pause between connections grows to two minutes, which is longer than a lease.
        channel = grpc.insecure_channel(address, options=[("grpc.max_reconnect_backoff_ms", 2000)])
        self.stub = services.WorkerServiceStub(channel)
        self.queue = queue
        self.name = f"{socket.gethostname()}-{os.getpid()}"
        self.metadata = [("authorization", f"Bearer {token}")] if token else []
        self.slots = threading.Semaphore(CONCURRENCY)
        self.draining = threading.Event()
        self.leasing = None  # The call that waits for jobs.
        self.request_id = uuid.uuid4().hex
        self.lock = threading.Lock()
        self.running = {}  # The jobs that it works on, by their lease tokens.
        self.lost = set()  # Tokens of leases that are lost.
        self.cancelled = set()  # Tokens of jobs that are to stop.

    def run(self):
        """Works until drain() is called, and then until the jobs that it holds are reported."""
        threading.Thread(target=self.extend_leases, daemon=True).start()
        with ThreadPoolExecutor(CONCURRENCY) as pool:
            while not self.draining.is_set():
                if self.slots.acquire(timeout=1):
                    for job in self.lease():
                        pool.submit(self.work, job)

    def drain(self, *_):
        self.draining.set()
        if self.leasing:
            self.leasing.cancel()

    def lease(self):
        """Leases jobs for one slot that was taken, and for those that are free besides."""
        free = 1
        while free < CONCURRENCY and self.slots.acquire(blocking=False):
            free += 1
        request = leases.LeaseJobsRequest(queue=self.queue, worker=self.name, max_jobs=free, request_id=self.request_id)
        request.lease.FromSeconds(LEASE_SECONDS)
        request.wait.FromSeconds(WAIT_SECONDS)
        jobs = []
        try:
            self.leasing = self.stub.LeaseJobs.future(request, timeout=WAIT_SECONDS + 10, metadata=self.metadata)
            if self.draining.is_set():
                self.leasing.cancel()
            answer = self.leasing.result()
            jobs = answer.jobs
            self.request_id = uuid.uuid4().hex  # Until there is an answer, the same request is sent again: it gets the same jobs.
            if answer.drain:
                say("asked to drain")
                self.draining.set()
        except grpc.FutureCancelledError:
            pass  # It drains. Jobs that were on their way go back in line, at the latest when their leases end.
        except grpc.RpcError as error:
            say(f"lease: {error.code().name}: {error.details()}")
            time.sleep(random.uniform(0.1, 1))  # With jitter: all workers of a server that died come back.
        with self.lock:
            self.running.update((job.lease_token, job) for job in jobs)
        for _ in range(free - len(jobs)):
            self.slots.release()
        return jobs

    def work(self, job):
        report = reports.OutcomeReport(job_id=job.job_id, lease_token=job.lease_token)
        try:
            result = json.dumps(handle(job, lambda: job.lease_token in self.lost | self.cancelled))
            if len(result.encode()) > MOST_RESULT_BYTES:
                raise ValueError(f"the result of {len(result.encode())} bytes is over {MOST_RESULT_BYTES}")
            report.complete.return_value_json = result
        except Exception as error:
            report.fail.message = str(error) or type(error).__name__
        if job.lease_token in self.cancelled:
            report.cancelled.message = "stopped as asked"
        try:
            self.report(job, report)
        finally:
            with self.lock:
                del self.running[job.lease_token]
                self.lost.discard(job.lease_token)
                self.cancelled.discard(job.lease_token)
            self.slots.release()

    def report(self, job, report):
        """Repeats a report until it has a verdict: reports are idempotent."""
        request = reports.ReportOutcomesRequest(queue=self.queue, reports=[report])
        while True:
            try:
                [result] = self.stub.ReportOutcomes(request, timeout=10, metadata=self.metadata).results
            except grpc.RpcError as error:
                say(f"{job.job_id}: {error.code().name}: {error.details()}")
                if not passes_call(error):
                    return  # The lease ends, and the job runs again.
                time.sleep(random.uniform(0.1, 1))
                continue
            if result.verdict:
                say(f"{job.job_id} attempt {job.attempt}: {VERDICT.Name(result.verdict)}")
                return
            say(f"{job.job_id}: {result.error.message}")
            if not passes(result.error):
                # This report can never succeed, and a job without a report would run again.
                report.fail.message = result.error.message
                request = reports.ReportOutcomesRequest(queue=self.queue, reports=[report])
            time.sleep(random.uniform(0.1, 1))

    def extend_leases(self):
        while True:
            time.sleep(LEASE_SECONDS / 3)
            with self.lock:
                held = [leases.LeaseName(job_id=job.job_id, lease_token=token) for token, job in self.running.items()]
            if not held:
                continue
            request = leases.ExtendLeasesRequest(queue=self.queue, leases=held)
            request.lease.FromSeconds(LEASE_SECONDS)
            try:
                results = self.stub.ExtendLeases(request, timeout=5, metadata=self.metadata).results
            except grpc.RpcError:
                continue  # The next round tries again, long before the leases end.
            with self.lock:  # A job that was settled meanwhile is not held either.
                known = [(lease.lease_token, result) for lease, result in zip(held, results) if lease.lease_token in self.running]
                self.lost.update(token for token, result in known if not result.held)
                # CancelJob: the job stops, and is reported as cancelled.
                self.cancelled.update(token for token, result in known if result.HasField("cancel"))


if __name__ == "__main__":
    worker = Worker(os.environ.get("ADDRESS", "127.0.0.1:50051"), sys.argv[1], os.environ.get("TOKEN"))
    signal.signal(signal.SIGTERM, worker.drain)
    signal.signal(signal.SIGINT, worker.drain)
    worker.run()
    say("drained")
