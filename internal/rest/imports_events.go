package rest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/larderhq/larder/internal/importer"
)

// mediaEvents is the media type of server-sent events (WHATWG HTML, section
// 9.2).
const mediaEvents = "text/event-stream"

const (
	// lookEvery is how often a run of another process is looked at.
	lookEvery = time.Second
	// heartbeat is the longest silence of a stream, less than what proxies take
	// for the end of a connection.
	heartbeat = 15 * time.Second
	// endEvent is the id of a stream's last event. A browser's EventSource comes
	// back with it when the stream has ended, and is told that there is no more.
	endEvent = "end"
)

// followRun answers GET of a run's events: the run as it is and whenever its
// status changes, its progress where this process runs it, and the run when it
// has ended. The stream ends with the run, the client or the server.
func (m *management) followRun(x *exchange) error {
	if _, err := parameters(x.r); err != nil {
		return err
	}
	id, err := pathNumber(x, "run")
	if err != nil {
		return err
	}
	// Watched before it is read, so that its end is in one or the other.
	progress, stop, here := m.imports.Watch(id)
	if here {
		defer stop()
	}
	run, err := m.run(x)
	if err != nil {
		return err
	}
	if x.r.Header.Get("Last-Event-ID") == endEvent && run.Status.Ended() {
		x.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	stream := m.newStream(x)
	if x.r.Method == http.MethodHead {
		return nil
	}
	if run, err = m.tell(x, stream, run, progress); err != nil || run == nil {
		return err
	}
	stream.send(endEvent, endEvent, bodyOfRun(*run))
	return nil
}

// tell sends what comes of a run until it ends, and returns it as it is then;
// nil when there is nobody to tell or the server stops.
func (m *management) tell(x *exchange, stream *eventStream, run *importer.RunRecord, progress <-chan importer.Progress) (*importer.RunRecord, error) {
	if run.Status.Ended() {
		return run, nil
	}
	stream.send("run", "", bodyOfRun(*run))
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	beat := time.NewTicker(min(heartbeat, m.settings.WriteTimeout/2))
	defer beat.Stop()
	for !run.Status.Ended() {
		select {
		case <-x.r.Context().Done():
			return nil, nil
		case <-m.stopping:
			return nil, nil
		case <-beat.C:
			stream.comment()
			continue
		case now, more := <-progress:
			if more {
				stream.send("progress", "", progressBody{now.Phase, now.Done, now.Total})
				continue
			}
			progress = nil
		case <-look.C:
			if progress != nil {
				continue
			}
		}
		before := run.Status
		var err error
		if run, err = m.run(x); err != nil {
			return nil, err
		}
		if run.Status != before && !run.Status.Ended() { // its turn has come
			stream.send("run", "", bodyOfRun(*run))
		}
	}
	return run, nil
}

// progressBody is how far a run has come. Total is 0 while it is not known.
type progressBody struct {
	Phase importer.Phase `json:"phase"`
	Done  int            `json:"done"`
	Total int            `json:"total"`
}

// eventStream writes server-sent events. A client that has gone is found by the
// context of its request.
type eventStream struct {
	w       *recorder
	control *http.ResponseController
	timeout time.Duration
}

// newStream begins the answer. The server's timeouts are of whole requests and
// answers; of a stream each event has them.
func (m *management) newStream(x *exchange) *eventStream {
	stream := &eventStream{w: x.w, control: http.NewResponseController(x.w), timeout: m.settings.WriteTimeout}
	_ = stream.control.SetReadDeadline(time.Time{}) // not a connection's: there is no deadline
	header := x.w.Header()
	header["Content-Type"] = []string{mediaEvents}
	header["X-Accel-Buffering"] = []string{"no"} // nginx passes each event on as it comes
	x.w.WriteHeader(http.StatusOK)
	_ = stream.control.Flush()
	return stream
}

// send sends an event. The id may be empty.
func (s *eventStream) send(name, id string, value any) {
	data, err := json.Marshal(value)
	if err != nil {
		return // no value that is sent has anything that JSON lacks
	}
	text := fmt.Sprintf("event: %s\ndata: %s\n\n", name, data)
	if id != "" {
		text = "id: " + id + "\n" + text
	}
	s.write(text)
}

// comment sends what keeps the connection open and says nothing.
func (s *eventStream) comment() { s.write(":\n\n") }

func (s *eventStream) write(text string) {
	_ = s.control.SetWriteDeadline(time.Now().Add(s.timeout))
	_, _ = s.w.Write([]byte(text))
	_ = s.control.Flush()
}
