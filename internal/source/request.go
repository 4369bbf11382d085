package source

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// UnreachableError says that upstream could not be asked: no connection, no
// host of that name, no trust in its certificate, no answer in time, or a
// server error to the last attempt. A snapshot may stand in.
type UnreachableError struct {
	Address  string
	Attempts int
	Err      error
}

func (e *UnreachableError) Error() string {
	times := ""
	if e.Attempts > 1 {
		times = fmt.Sprintf(" (%d attempts)", e.Attempts)
	}
	return fmt.Sprintf("%s cannot be reached%s: %v", e.Address, times, e.Err)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// transient is a failure that may pass.
type transient struct {
	err      error
	after    time.Duration // what upstream asks to wait; 0: nothing said
	hopeless bool          // it will not pass within a fetch
	refused  bool          // there was no connection: one more attempt tells enough
	answered bool          // upstream was there: no reason to take a snapshot
}

func (t *transient) Error() string { return t.err.Error() }
func (t *transient) Unwrap() error { return t.err }

// The bounds of waiting and following.
const (
	firstWait    = 500 * time.Millisecond
	longestWait  = 30 * time.Second // who is asked to wait longer gives up
	maxRedirects = 5
)

// kept is one page that was asked for, checked and written to the spool.
type kept struct {
	*envelope
	page   page
	status int
	bytes  int64
	sum    uint32 // CRC-32C of the bytes
}

// ask posts the request until an answer can be taken or there is no more hope.
// Its error tells the status of the last answer, see [StatusOf].
func (f *fetch) ask(ctx context.Context, body []byte) (*kept, error) {
	page, err := f.askAgain(ctx, body)
	if err != nil && f.status != 0 {
		err = &answeredError{status: f.status, err: err}
	}
	return page, err
}

func (f *fetch) askAgain(ctx context.Context, body []byte) (*kept, error) {
	waits := backoff.ExponentialBackOff{
		InitialInterval: firstWait, MaxInterval: longestWait, Multiplier: 2, RandomizationFactor: 0.5,
	}
	for attempt := 1; ; attempt++ {
		if err := f.slowDown(ctx); err != nil {
			return nil, fmt.Errorf("ask %s: %w", f.Address(), context.Cause(ctx))
		}
		page, err := f.attempt(ctx, body)
		if err == nil {
			return page, nil
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("ask %s: %w", f.Address(), context.Cause(ctx))
		}
		var passing *transient
		if !errors.As(err, &passing) {
			return nil, fmt.Errorf("%s: %w", f.asked(), err)
		}
		if passing.hopeless || attempt > f.settings.Retries || passing.refused && attempt > 1 {
			if passing.answered {
				return nil, fmt.Errorf("%s: %w", f.asked(), err)
			}
			return nil, &UnreachableError{Address: f.asked(), Attempts: attempt, Err: err}
		}
		wait := max(waits.NextBackOff(), passing.after)
		if err := f.pause(ctx, min(wait, longestWait)); err != nil {
			return nil, fmt.Errorf("ask %s: %w", f.Address(), context.Cause(ctx))
		}
	}
}

// asked is the address that was asked last, for messages.
func (f *fetch) asked() string { return printable(f.target) }

// attempt posts once and takes the answer in.
func (f *fetch) attempt(ctx context.Context, body []byte) (*kept, error) {
	limited, cancel := context.WithTimeout(ctx, f.settings.Timeout)
	defer cancel()
	response, err := f.post(limited, body)
	if err != nil {
		return nil, f.late(limited, err)
	}
	defer response.Body.Close() //nolint:errcheck // the body is read to its end or given up
	text, err := decompress(response, f.left)
	if err != nil {
		return nil, f.late(limited, err)
	}
	defer text.Close() //nolint:errcheck // closes a decompressor, which holds nothing
	switch {
	case response.StatusCode == http.StatusNotModified && f.conditional():
		return nil, &UnchangedError{Address: f.Address()}
	case response.StatusCode == http.StatusPreconditionFailed && f.conditional():
		// What RFC 9110 section 13.1.2 has a server say to a POST whose
		// If-None-Match is met, whether or not it could compare the answers.
		f.plain = true
		return f.attempt(ctx, body)
	case response.StatusCode == http.StatusPartialContent:
		return nil, errors.New("status 206 with a part of the answer, though all of it was asked for: " +
			"something between larder and upstream breaks HTTP")
	case response.StatusCode < 200 || response.StatusCode > 299:
		return nil, f.refusal(response, text)
	}
	page, err := f.take(response, text)
	if err != nil {
		return nil, errors.Join(f.late(limited, err), f.rewind())
	}
	return page, nil
}

// rewind forgets what was written of a page that cannot be taken.
func (f *fetch) rewind() error {
	return cut(f.file, f.written)
}

// late tells a timeout from other failures of the network.
func (f *fetch) late(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &transient{err: fmt.Errorf("no whole answer within %s (`timeout`)", f.settings.Timeout)}
	}
	return err
}

// post sends the request and follows redirects, always with the same method and
// body.
func (f *fetch) post(ctx context.Context, body []byte) (*http.Response, error) {
	for redirects := 0; ; redirects++ {
		request, err := http.NewRequestWithContext(ctx, f.method, f.target.String(), bytes.NewReader(body))
		if err != nil {
			return nil, errors.New("the address cannot be asked")
		}
		f.dress(request)
		response, err := f.transport.RoundTrip(request)
		if err != nil {
			return nil, networkFailure(err)
		}
		f.status = response.StatusCode
		location := response.Header.Get("Location")
		switch response.StatusCode {
		case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
			http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		default:
			return response, nil
		}
		_ = response.Body.Close()
		if redirects == maxRedirects {
			return nil, fmt.Errorf("more than %d redirects, the last one to %s: correct the source's url",
				maxRedirects, f.asked())
		}
		if err := f.redirect(response.StatusCode, location); err != nil {
			return nil, err
		}
	}
}

// dress sets the headers; credentials go to the source's own host only.
func (f *fetch) dress(request *http.Request) {
	request.URL.User = nil
	if !f.foreign {
		for name, value := range f.settings.Headers {
			request.Header.Set(name, value)
			if strings.EqualFold(name, "Host") {
				request.Host = value
			}
		}
		if user := f.endpoint.User; user != nil {
			password, _ := user.Password()
			request.SetBasicAuth(user.Username(), password)
		}
		if f.settings.Token != "" {
			request.Header.Set("Authorization", "Bearer "+f.settings.Token)
		}
	}
	if f.method == http.MethodPost {
		request.Header.Set("Content-Type", "application/json")
	}
	request.Header.Set("Accept", f.accept)
	request.Header.Set("Accept-Encoding", "gzip, zstd")
	if f.conditional() {
		f.condition(request)
	}
	if request.Header.Get("User-Agent") == "" || f.foreign {
		request.Header.Set("User-Agent", f.settings.UserAgent)
	}
}

// networkFailure says which failures of the network may pass.
func networkFailure(err error) error {
	var name *net.DNSError
	var trust *tls.CertificateVerificationError
	var dial *net.OpError
	failure := &transient{err: err, refused: errors.As(err, &dial) && dial.Op == "dial"}
	switch {
	case errors.As(err, &name):
		failure.err = fmt.Errorf("the host name %s leads nowhere: %s", name.Name, name.Err)
		failure.hopeless = name.IsNotFound
	case errors.As(err, &trust):
		failure.hopeless = true
	}
	return failure
}

// refusal turns an answer that is no success into an error.
func (f *fetch) refusal(response *http.Response, text io.Reader) error {
	body, _ := io.ReadAll(io.LimitReader(text, 64<<10)) // what came of it is enough for a message
	status := response.StatusCode
	said, refused := whatItSays(body, response.Header.Get("Content-Type"))
	err := fmt.Errorf("status %d %s%s", status, http.StatusText(status), f.redact(said))
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		after := retryAfter(response.Header.Get("Retry-After"), time.Now())
		if after > longestWait {
			err = fmt.Errorf("%w; it asks to be left alone for %s, longer than larder waits", err, after.Round(time.Second))
		}
		return &transient{err: err, after: after, hopeless: after > longestWait}
	case http.StatusUnauthorized:
		return fmt.Errorf("%w: check the source's `token` and `headers`", err)
	case http.StatusForbidden:
		return &refusedError{fmt.Errorf("%w: check the source's `token` and `headers`", err)}
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone:
		return fmt.Errorf("%w: check the source's `url`", err)
	}
	switch {
	case status >= 500:
		return &transient{err: err, hopeless: true}
	case refused:
		return &refusedError{err}
	}
	return err
}

// whatItSays is the readable part of an answer that is no success, and whether
// it is a GraphQL server's refusal.
func whatItSays(body []byte, contentType string) (said string, refused bool) {
	if e, err := readEnvelope(newScanner(bytes.NewReader(body)), nil); err == nil && len(e.errors) > 0 {
		return ": " + errorList(e.errors), true
	}
	if title := htmlTitle(body); title != "" {
		return fmt.Sprintf(", an HTML page titled %q", title), false
	}
	if text := short(string(body)); text != "" && strings.HasPrefix(contentType, "text/plain") {
		return ": " + text, false
	}
	return "", false
}

var title = regexp.MustCompile(`(?is)<title[^>]*>([^<]*)</title>`)

func htmlTitle(body []byte) string {
	if found := title.FindSubmatch(body); found != nil {
		return short(string(found[1]))
	}
	return ""
}

// retryAfter reads seconds or a date (RFC 9110 section 10.2.3).
func retryAfter(value string, now time.Time) time.Duration {
	const day = 24 * time.Hour // longer is no different
	if seconds, err := strconv.Atoi(strings.TrimSpace(value)); err == nil {
		return min(time.Duration(max(seconds, 0)), day/time.Second) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, min(date.Sub(now), day))
	}
	return 0
}

// keep writes the answer to the spool while it reads and checks it.
func (f *fetch) keep(response *http.Response, text io.Reader) (*kept, error) {
	counted := &counter{in: text, tell: f.tell}
	body := bufio.NewReaderSize(counted, 64<<10)
	head, err := body.Peek(1024)
	if err != nil && !errors.Is(err, io.EOF) && len(head) == 0 {
		return nil, err
	}
	if err := notJSON(head, response); err != nil {
		return nil, err
	}
	sum := crc32.New(castagnoli)
	e, err := readEnvelope(newScanner(io.TeeReader(body, io.MultiWriter(f.file, sum))), f.question.root)
	if err != nil {
		return nil, brokenAnswer(err, response.StatusCode)
	}
	page, err := f.admit(e, counted.bytes, response.StatusCode)
	if err != nil {
		return nil, err
	}
	page.sum = sum.Sum32()
	f.answer.Validators = validatorsOf(response)
	return page, nil
}

// admit judges an answer whose bytes are the next ones of the file.
func (f *fetch) admit(e *envelope, size int64, status int) (*kept, error) {
	for i := range e.errors {
		e.errors[i].Message = f.redact(e.errors[i].Message)
	}
	if err := e.judge(f.settings.Partial); err != nil {
		return nil, fmt.Errorf("status %d: %w", status, err)
	}
	p := page{offset: f.written + e.offset, length: e.length, failed: e.paths()}
	f.written += size
	f.left -= size
	f.answer.Bytes += size
	return &kept{envelope: e, page: p, status: status, bytes: size}, nil
}

// brokenAnswer adds the status to what is wrong with an answer's form. Of an
// answer that ends early another attempt may bring the rest.
func brokenAnswer(err error, status int) error {
	var syntax *syntaxError
	if !errors.As(err, &syntax) {
		return err
	}
	broken := fmt.Errorf("the answer (status %d) is broken JSON: %w", status, err)
	if syntax.Truncated {
		return &transient{err: broken, answered: true}
	}
	return broken
}

// redact replaces the source's secrets in foreign text.
func (f *fetch) redact(text string) string {
	secrets := []string{f.settings.Token}
	for _, value := range f.settings.Headers {
		secrets = append(secrets, value)
	}
	if f.endpoint.User != nil {
		password, _ := f.endpoint.User.Password()
		secrets = append(secrets, password)
	}
	for _, secret := range secrets {
		if len(secret) >= 4 { // a shorter one is no secret, and would tear words apart
			text = strings.ReplaceAll(text, secret, "[secret]")
		}
	}
	return text
}

// notJSON recognises, by its beginning, an answer that is something else.
func notJSON(head []byte, response *http.Response) error {
	status, contentType := response.StatusCode, response.Header.Get("Content-Type")
	start := bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")))
	switch {
	case len(start) == 0:
		return fmt.Errorf("status %d with an empty body: expected a JSON object with data; is this a GraphQL endpoint?", status)
	case start[0] == '<':
		page := "an HTML page"
		if name := htmlTitle(head); name != "" {
			page += fmt.Sprintf(" titled %q", name)
		}
		return fmt.Errorf("status %d with %s instead of JSON: check the source's `url`; a login page means that "+
			"`token` or `headers` are missing", status, page)
	case strings.HasPrefix(contentType, "multipart/"), strings.HasPrefix(contentType, "text/event-stream"):
		return fmt.Errorf("status %d answers in parts (%s), which larder does not read: "+
			"leave @defer and @stream out of the query", status, short(contentType))
	case start[0] != '{' && start[0] != '[' && !strings.Contains(contentType, "json"):
		return fmt.Errorf("status %d with %q (%s) instead of JSON: is this a GraphQL endpoint?",
			status, short(string(start[:min(len(start), 80)])), contentTypeName(contentType))
	}
	return nil
}

func contentTypeName(contentType string) string {
	if contentType == "" {
		return "no content type"
	}
	return short(contentType)
}
