package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"time"
)

// Fetch asks the endpoint, page by page where the query selects the pageInfo
// of a connection, and keeps the answer in a file until it is closed. Where the
// settings name a spool, a fetch that broke off is continued behind its last
// whole page. An error that is an [UnreachableError] says that upstream could
// not be asked, [UnchangedError] that it has nothing new; any other says what is
// wrong with the question or the answer.
func (g *GraphQL) Fetch(ctx context.Context, progress func(Progress)) (*Answer, error) {
	leave, err := g.settings.Hosts.enter(ctx, g.endpoint)
	if err != nil {
		return nil, err
	}
	defer leave()
	defer g.transport.CloseIdleConnections()
	a, err := g.fetch(ctx, progress, "")
	if lost := (*lostPlace)(nil); errors.As(err, &lost) {
		return g.fetch(ctx, progress, fmt.Sprintf("the read that broke off cannot be continued, so it begins anew: %v", lost.err))
	}
	return a, err
}

// lostPlace says that what an earlier fetch kept leads nowhere any more.
type lostPlace struct{ err error }

func (e *lostPlace) Error() string { return e.err.Error() }
func (e *lostPlace) Unwrap() error { return e.err }

// fetch is one Fetch; with a reason to begin anew nothing is continued.
func (g *GraphQL) fetch(ctx context.Context, progress func(Progress), anew string) (*Answer, error) {
	question, err := parseQuestion(g.settings.Query, g.settings.Operation)
	if err != nil {
		return nil, err
	}
	pages, journal, warning, err := g.storage(question)
	if err != nil {
		return nil, err
	}
	f := &fetch{
		GraphQL: g, file: pages, journal: journal, progress: progress, method: http.MethodPost, accept: acceptGraphQL,
		target: g.endpoint, left: g.settings.MaxBytes, question: question,
		spool: &spool{file: pages, partial: g.settings.Partial, paged: map[string]int{}},
		answer: &Answer{
			Address: g.Address(), FetchedAt: time.Now().UTC(), Complete: true, Fingerprint: g.Fingerprint(),
		},
	}
	f.take = f.keep
	for _, text := range []string{warning, anew} {
		if text != "" {
			f.notice("%s", text)
		}
	}
	if g.exposes() {
		f.notice("%s is asked without encryption: everyone on the way can read its token", g.Address())
	}
	if err := f.pages(ctx, anew == ""); err != nil {
		return nil, errors.Join(err, f.giveUp(ctx, err))
	}
	return f.finish(), nil
}

// acceptGraphQL is the form that GraphQL over HTTP recommends while servers
// differ.
const acceptGraphQL = "application/graphql-response+json, application/json;q=0.9"

// fetch is one Fetch under way.
type fetch struct {
	*GraphQL
	method   string
	accept   string
	take     func(*http.Response, io.Reader) (*kept, error) // checks and keeps what was answered
	file     *os.File
	written  int64    // bytes of file
	left     int64    // bytes that may still come
	journal  *journal // tells a later fetch which pages are whole; nil where none is to be continued
	progress func(Progress)
	target   *url.URL  // where redirects have led
	foreign  bool      // target is another host: no credentials
	status   int       // of the last answer
	plain    bool      // upstream cannot be asked whether it has anything new
	next     time.Time // not to be asked before, by the rate
	spool    *spool
	answer   *Answer
	question *question
}

// exposes reports whether credentials leave this machine in the clear.
func (g *GraphQL) exposes() bool {
	host := g.endpoint.Hostname()
	ip := net.ParseIP(host)
	local := host == "localhost" || ip != nil && ip.IsLoopback()
	return g.endpoint.Scheme == "http" && !local && (g.settings.Token != "" || g.endpoint.User != nil)
}

// pages asks until no connection has more.
func (f *fetch) pages(ctx context.Context, resume bool) error {
	variables, err := decodeVariables(f.settings.Variables)
	if err != nil {
		return err
	}
	kept, more, err := f.begin(resume, variables)
	if err != nil {
		return err
	}
	for number := kept + 1; more; number++ {
		page, err := f.onePage(ctx, variables)
		if err == nil {
			more, err = f.advance(number, variables)
		}
		if number == kept+1 && kept > 0 && ctx.Err() == nil {
			err = placeLost(page, err)
		}
		if err != nil && number > 1 {
			return fmt.Errorf("page %d: %w", number, err)
		}
		if err != nil {
			return err
		}
		if err := f.remember(number, page); err != nil {
			return err
		}
	}
	return nil
}

// placeLost judges the first page behind those that an earlier fetch kept:
// where upstream has an answer and it is no good one, it may no longer know the
// cursor.
func placeLost(page *kept, err error) error {
	var unreachable *UnreachableError
	switch {
	case errors.As(err, &unreachable):
		return err
	case err != nil:
		return &lostPlace{err}
	case len(page.errors) > 0:
		return &lostPlace{errors.New(errorList(page.errors))}
	}
	return nil
}

// decodeVariables keeps numbers as they are written.
func decodeVariables(raw json.RawMessage) (map[string]any, error) {
	var texts map[string]json.RawMessage
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &texts); err != nil {
			return nil, fmt.Errorf("the source's variables are no JSON object: %w", err)
		}
	}
	variables := make(map[string]any, len(texts))
	for name, text := range texts {
		variables[name] = text
	}
	return variables, nil
}

// slowDown keeps to the rate that the project set.
func (f *fetch) slowDown(ctx context.Context) error {
	if f.settings.Rate <= 0 {
		return nil
	}
	now := time.Now()
	wait := f.next.Sub(now)
	f.next = now.Add(max(wait, 0) + time.Duration(float64(time.Second)/f.settings.Rate))
	if wait <= 0 {
		return nil
	}
	return f.pause(ctx, wait)
}

// onePage asks once (with retries) and takes the answer in.
func (f *fetch) onePage(ctx context.Context, variables map[string]any) (*kept, error) {
	query := f.settings.Query
	if f.question.rewritten {
		query = f.question.text()
	}
	body := map[string]any{"query": query}
	if f.settings.Operation != "" {
		body["operationName"] = f.settings.Operation
	}
	if len(variables) > 0 {
		body["variables"] = variables
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("write the request: %w", err)
	}
	page, err := f.ask(ctx, text)
	if err != nil {
		return nil, err
	}
	f.accommodate(page)
	return page, nil
}

// accommodate makes a page that was kept a part of the answer.
func (f *fetch) accommodate(page *kept) {
	for _, c := range f.question.connections {
		said, asked := page.facts[c]
		if !asked {
			c.more, c.cursor = false, ""
			continue
		}
		c.more, c.cursor = said.more, said.cursor
		if c.pageInfo != "" && !said.known && !c.closed {
			f.incomplete("%s does not say whether %s has more", f.Address(), c.path)
		}
		if !c.closed {
			c.tally.add(said.tally)
		}
	}
	f.answer.Pages++
	f.answer.Status = page.status
	f.spool.place = fmt.Sprintf("%s (status %d)", printable(f.target), page.status)
	f.spool.pages = append(f.spool.pages, page.page)
	f.answer.Failed = append(f.answer.Failed, page.page.failed...)
	if len(page.errors) > 0 {
		f.incomplete("%s reported errors beside its data, and `partial: allow` takes the rest: %s",
			f.Address(), errorList(page.errors))
	}
	if page.holes > 0 && f.settings.Partial {
		f.incomplete("the answer of %s has null in %d places where records or lists of them may stand; no record is made of them",
			f.Address(), page.holes)
	}
	if page.inner > 0 {
		f.incomplete("%d connections inside of list elements have more than was asked for, or do not say: larder "+
			"pages only connections outside of lists, so raise their `first`", page.inner)
	}
	f.tell(0)
}

// advance sets the cursors for the next page and reports whether there is one.
func (f *fetch) advance(number int, variables map[string]any) (bool, error) {
	again := false
	for _, c := range f.question.connections {
		if c.closed {
			continue
		}
		c.pages = number
		if c.closed = !c.more || !f.follows(c); c.closed {
			continue
		}
		if c.cursor == "" {
			return false, fmt.Errorf("%s says that %s has more pages but gives no endCursor to ask for them: "+
				"upstream breaks the rules of connections", f.Address(), c.path)
		}
		if c.passed[c.cursor] {
			return false, fmt.Errorf("%s: page %d of %s ends at the cursor %q like a page before it: "+
				"upstream pages in a circle, which larder cannot follow", f.Address(), number, c.path, c.cursor)
		}
		c.passed[c.cursor] = true
		f.question.turn(c, c.cursor, variables)
		again = true
	}
	return again, nil
}

// follows reports whether a connection that has more can and may be paged.
func (f *fetch) follows(c *connection) bool {
	if !c.followable() {
		f.incomplete("%s has more than was asked for, and the query cannot be paged there: "+
			"select pageInfo { hasNextPage endCursor } and page forward with `first`", c.path)
		return false
	}
	if c.pages >= f.settings.MaxPages {
		f.incomplete("%s has more than the %d pages that `maxPages` allows", c.path, f.settings.MaxPages)
		return false
	}
	return true
}

func (f *fetch) incomplete(format string, args ...any) {
	f.answer.Complete = false
	f.notice(format, args...)
}

// notice tells the person once.
func (f *fetch) notice(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(f.answer.Notices, text) {
		f.answer.Notices = append(f.answer.Notices, text)
	}
}

// tell reports progress; arriving are bytes of the page that is on its way.
func (f *fetch) tell(arriving int64) {
	if f.progress != nil {
		f.progress(Progress{Bytes: f.answer.Bytes + arriving, Pages: f.answer.Pages})
	}
}

func (f *fetch) finish() *Answer {
	for _, c := range f.question.connections {
		if c.pageInfo != "" {
			f.spool.paged[c.path] = c.pages
		}
		if !c.more {
			f.prove(c)
		}
	}
	for _, path := range f.question.unproven {
		f.unproven(path)
	}
	if !f.answer.Complete || f.answer.Pages > 1 {
		f.answer.Validators = Validators{} // they would speak for a part
	}
	return answerOf(f.answer, f.spool, f.remove)
}

// prove holds what a connection gave against the totalCount that it names.
func (f *fetch) prove(c *connection) {
	switch {
	case c.total == "", c.inside:
	case !c.tally.lists():
		if c.part && c.pageInfo == "" {
			f.unproven(c.path)
		}
	case !c.tally.known:
		f.incomplete("the query asks for the totalCount of %s and %s does not say it: take it out of the query, "+
			"or nothing is taken as gone upstream", c.path, f.Address())
	case !c.tally.proven():
		f.incomplete("%s says that %s has %d in total and gave %d: some are missing, or it changed while it was read",
			f.Address(), c.path, c.tally.total, c.tally.most())
	}
}

func (f *fetch) unproven(path string) {
	f.incomplete("%s may have more than it answered: select its pageInfo { hasNextPage endCursor } to be sure "+
		"(until then nothing is taken as gone upstream)", path)
}

func answerOf(a *Answer, pages *spool, closing func() error) *Answer {
	a.spool, a.records, a.close = pages, pages.records, closing
	return a
}
