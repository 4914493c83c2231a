package main

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"

	pb "go-worker/gen/posta/queue/v1"
	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
)

// held is a job that the worker has.
type held struct {
	*pb.LeasedJob
	stop   context.CancelCauseFunc
	report *pb.WorkReport // Kept until it has a verdict. nil: the job still runs.
}

// worker belongs to the goroutine of main. The others only send on its channels.
type worker struct {
	queue, name string
	jobs        map[uint64]*held    // By the ids of their reports.
	reports     chan *pb.WorkReport // Reports that are to be sent.
	signals     chan os.Signal      // They ask to drain.
	lastID      uint64
	draining    bool
}

// session works until the worker ends its side, or until the stream breaks, which is an error. The jobs run on.
func (w *worker) session() error {
	// Each session has a connection of its own: the old one may lead to a server that stops.
	conn, err := grpc.NewClient(cmp.Or(os.Getenv("ADDRESS"), "127.0.0.1:50051"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if token := os.Getenv("TOKEN"); token != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
	}
	// Without a pong for three intervals the stream is dead, whatever the connection says. A Send that hangs ends then, too.
	// The welcome has one interval: a server that hangs still takes connections.
	watchdog := time.AfterFunc(lease/6, cancel)
	defer watchdog.Stop()
	stream, err := pb.NewWorkerServiceClient(conn).Work(ctx)
	if err != nil {
		return err
	}
	received := make(chan *pb.WorkResponse)
	go func() {
		defer close(received)
		var response *pb.WorkResponse
		for response, err = stream.Recv(); err == nil; response, err = stream.Recv() {
			select {
			case received <- response:
			case <-ctx.Done():
			}
		}
	}()
	// Send's errors do not matter: Recv says why a stream broke.
	report := func(one *pb.WorkReport) {
		stream.Send(&pb.WorkRequest{Message: &pb.WorkRequest_Reports{Reports: &pb.WorkReports{Reports: []*pb.WorkReport{one}}}})
	}
	heartbeat := func(ack int64) {
		stream.Send(&pb.WorkRequest{Message: &pb.WorkRequest_Heartbeat{Heartbeat: &pb.WorkHeartbeat{AckSequence: ack}}})
	}
	stream.Send(&pb.WorkRequest{Message: &pb.WorkRequest_Hello{Hello: w.hello()}})
	for _, job := range w.jobs {
		if job.report != nil {
			report(job.report)
		}
	}
	ticker, interval, acked := time.NewTicker(lease/6), lease/6, int64(0)
	defer ticker.Stop()
	asked, drained, left := false, false, false
	for !left && !(drained && len(w.jobs) == 0) {
		if w.draining && !asked {
			asked = true
			stream.Send(&pb.WorkRequest{Message: &pb.WorkRequest_Drain{Drain: &pb.WorkDrain{}}})
		}
		select {
		case <-ticker.C:
			heartbeat(acked)
		case <-w.signals:
			w.draining = true
		case one := <-w.reports:
			if job := w.jobs[one.ReportId]; job != nil { // nil: its lease was lost.
				job.report = one
				report(one)
			}
		case response, more := <-received:
			if !more {
				return err
			}
			switch message := response.Message.(type) {
			case *pb.WorkResponse_Welcome:
				interval = message.Welcome.HeartbeatInterval.AsDuration()
				ticker.Reset(interval)
				watchdog.Reset(3 * interval)
				w.stop(message.Welcome.Lost, errLost)
			case *pb.WorkResponse_Assign:
				acked = message.Assign.Sequence
				heartbeat(acked)
				w.begin(message.Assign.Jobs)
			case *pb.WorkResponse_Acks:
				w.settle(message.Acks.Acks)
			case *pb.WorkResponse_Lost:
				w.stop(message.Lost.Leases, errLost)
			case *pb.WorkResponse_Cancel:
				w.stop([]*pb.WorkLease{message.Cancel.Lease}, fmt.Errorf("%w: %s", errCancelled, message.Cancel.Order.Reason))
			case *pb.WorkResponse_Pong:
				watchdog.Reset(3 * interval)
			case *pb.WorkResponse_Leave:
				left = true
			case *pb.WorkResponse_DrainOrder:
				w.draining, asked = true, true
			case *pb.WorkResponse_Drained:
				drained = true
			}
		}
	}
	stream.CloseSend()
	for response := range received {
		w.settle(response.GetAcks().GetAcks())
	}
	return nil
}

// hello names the jobs of earlier sessions, and asks for more unless the worker drains.
func (w *worker) hello() *pb.WorkHello {
	credit := &pb.WorkCredit{Queue: w.queue, MaxInFlight: concurrency}
	if w.draining {
		credit.MaxInFlight = 0
	}
	hello := &pb.WorkHello{Worker: w.name, Credits: []*pb.WorkCredit{credit}, Lease: durationpb.New(lease)}
	for _, job := range w.jobs {
		hello.Resume = append(hello.Resume, &pb.WorkLease{Queue: w.queue, JobId: job.JobId, LeaseToken: job.LeaseToken})
	}
	return hello
}

func (w *worker) begin(jobs []*pb.LeasedJob) {
	for _, job := range jobs {
		ctx, stop := context.WithCancelCause(context.Background())
		w.lastID++
		w.jobs[w.lastID] = &held{LeasedJob: job, stop: stop}
		go func(id uint64) {
			w.reports <- &pb.WorkReport{ReportId: id, Queue: w.queue, Report: work(ctx, job)}
		}(w.lastID)
	}
}

// stop stops jobs. A job that is lost is not reported any more; but a report that was sent may have been applied, and is kept.
func (w *worker) stop(leases []*pb.WorkLease, why error) {
	for id, job := range w.jobs {
		if slices.ContainsFunc(leases, func(one *pb.WorkLease) bool { return one.LeaseToken == job.LeaseToken }) {
			job.stop(why)
			if why == errLost && job.report == nil {
				delete(w.jobs, id)
			}
		}
	}
}

// settle ends jobs whose reports have a verdict. A report without a verdict is sent again.
func (w *worker) settle(acks []*pb.WorkAck) {
	for _, ack := range acks {
		job, result := w.jobs[ack.ReportId], ack.Result
		if job == nil {
			continue // It was acknowledged before.
		}
		if result.Verdict != pb.ReportVerdict_REPORT_VERDICT_UNSPECIFIED {
			fmt.Printf("%s attempt %d: %s\n", job.JobId, job.Attempt, result.Verdict)
			delete(w.jobs, ack.ReportId)
			continue
		}
		fmt.Printf("%s: %s\n", job.JobId, result.Error.Message)
		if !passes(result.Error) { // This report never succeeds, and a job without a report would run again.
			job.report.Report.Outcome = fail(result.Error.Message)
		}
		time.AfterFunc(shortestPause+rand.N(time.Second), func() { w.reports <- job.report })
	}
}

// passes tells whether a report that failed may succeed later. RESOURCE_EXHAUSTED without a retry delay means that it is too large.
func passes(err *status.Status) bool {
	switch codes.Code(err.Code) {
	case codes.Unavailable, codes.DeadlineExceeded:
		return true
	case codes.ResourceExhausted:
		return slices.ContainsFunc(err.Details, func(detail *anypb.Any) bool {
			return strings.HasSuffix(detail.TypeUrl, "/google.rpc.RetryInfo")
		})
	}
	return false
}
