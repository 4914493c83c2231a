// A worker for Posta on nothing but the contract: examples/go-worker/run.sh emails
//
// It works in sessions of WorkerService.Work, a stream that brings jobs, takes reports, and extends leases by heartbeats. Put your
// own work into handle. ADDRESS=127.0.0.1:50051 and TOKEN are read from the environment. docs/workers.md has the rules that it follows.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	pb "go-worker/gen/posta/queue/v1"
	"google.golang.org/grpc/status"
)

const (
	concurrency                 = 10
	lease                       = 15 * time.Second
	mostResultBytes             = 1 << 20 // POSTA_QUEUE_MAX_JOB_BYTES
	shortestPause, longestPause = 100 * time.Millisecond, 10 * time.Second
)

var errLost, errCancelled = errors.New("the lease is lost"), errors.New("cancelled")

// handle does a job and returns its result as JSON. It stops when ctx ends: the lease is lost, or the job is cancelled.
// This one works as many seconds as the job's data says.
func handle(ctx context.Context, job *pb.LeasedJob) ([]byte, error) {
	fmt.Printf("%s attempt %d: %s %s\n", job.JobId, job.Attempt, job.Name, job.DataJson)
	var data struct{ Seconds float64 }
	json.Unmarshal([]byte(job.DataJson), &data)
	select {
	case <-time.After(time.Duration(data.Seconds * float64(time.Second))):
		return json.Marshal(map[string]string{"done": job.Name})
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// work does a job and answers its report.
func work(ctx context.Context, job *pb.LeasedJob) *pb.OutcomeReport {
	result, err := handle(ctx, job)
	if err == nil && len(result) > mostResultBytes {
		err = fmt.Errorf("the result of %d bytes is over %d", len(result), mostResultBytes)
	}
	report := &pb.OutcomeReport{JobId: job.JobId, LeaseToken: job.LeaseToken}
	if errors.Is(err, errCancelled) {
		report.Outcome = &pb.OutcomeReport_Cancelled{Cancelled: &pb.Cancelled{Message: err.Error()}}
	} else if err != nil {
		report.Outcome = fail(err.Error())
	} else {
		report.Outcome = &pb.OutcomeReport_Complete{Complete: &pb.Complete{ReturnValueJson: string(result)}}
	}
	return report
}

func fail(message string) *pb.OutcomeReport_Fail {
	return &pb.OutcomeReport_Fail{Fail: &pb.Fail{Message: strings.ToValidUTF8(message, "?")}}
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: examples/go-worker/run.sh <queue>")
		os.Exit(2)
	}
	host, _ := os.Hostname()
	w := &worker{queue: os.Args[1], name: fmt.Sprintf("%s-%d", host, os.Getpid()), jobs: map[uint64]*held{}}
	w.reports, w.signals = make(chan *pb.WorkReport), make(chan os.Signal, 1)
	signal.Notify(w.signals, syscall.SIGTERM, syscall.SIGINT)
	for pause := shortestPause; !w.draining || len(w.jobs) > 0; {
		begun := time.Now()
		err := w.session()
		if err == nil {
			continue // The server stops, and another takes over.
		}
		fmt.Printf("session: %s: %s\n", status.Code(err), status.Convert(err).Message())
		if time.Since(begun) > lease {
			pause = shortestPause
		}
		select {
		case <-time.After(pause/2 + rand.N(pause)): // With jitter: all workers of a server that died come back.
		case <-w.signals:
			w.draining = true
		}
		pause = min(2*pause, longestPause)
	}
	fmt.Println("drained")
}
