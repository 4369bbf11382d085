package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/larderhq/larder/internal/model"
	"github.com/larderhq/larder/internal/query"
	"github.com/larderhq/larder/internal/store"
)

// The codes of problems: PostgREST's where it has one, else the SQLSTATE that
// PostgreSQL would answer, else larder's own (LRD and the status).
const (
	codeBody           = "PGRST102" // the body is empty or is no JSON
	codeRange          = "PGRST103" // the range lies beyond the rows
	codeMethod         = "PGRST117" // the method does not suit the resource
	codeMedia          = "PGRST107" // no such form of answer
	codeSingular       = "PGRST116" // not exactly one row
	codeMaxAffected    = "PGRST124" // more rows than max-affected
	codeUnsupported    = query.CodeUnsupported
	codeRoute          = "PGRST125" // no such path
	codeColumn         = query.CodeUnknownColumn
	codeTable          = "PGRST205" // no such resource
	codeConnection     = "PGRST000" // the database cannot be reached
	codeTimeout        = "PGRST003" // the database did not answer in time
	codeInternal       = "PGRSTX00"
	codeUnique         = "23505"
	codeForeignKey     = "23503"
	codeNotNull        = "23502"
	codeCheck          = "23514"
	codeValue          = query.CodeValue
	codeNumeric        = "22003"
	codeFull           = "53100"
	codePrivilege      = "42501"  // the database does not let the server do it
	codeConflictTarget = "42P10"  // on_conflict names no unique set
	codeVersion        = "LRD400" // the versions asked for contradict each other, or are no numbers
	codePatch          = "LRD401" // the JSON patch cannot be applied
	codeUnfiltered     = "LRD402" // a change of everything that does not say so
	codeHost           = "LRD421"
	codeOrigin         = "LRD403"
	codeNotFound       = "LRD404" // no record has the id
	codeNoVersion      = "LRD406" // no such API version
	codeSlow           = "LRD408" // the request was not received in time
	codePatchTest      = "LRD409" // a test of a JSON patch failed
	codePrecondition   = "LRD412"
	codeTooLarge       = "LRD413"
	codeRunning        = "LRD423" // an import of the source goes on already
	codeContentType    = "LRD415"
	codeIdempotency    = "LRD422" // the key was used with another request
	codeNoCondition    = "LRD428"
	codeKey            = "LRD429" // the idempotency key is malformed
	codeOutdated       = "42P01"  // the tables are not those of the models
	codeUncertain      = "LRD503" // whether the change was made is not known
	codeStopping       = "LRD504" // nothing new is begun: the server is about to stop
)

// problemBase is where the docs describe a code, the "type" of RFC 9457.
const problemBase = "https://github.com/larderhq/larder/blob/main/docs/api.md#"

// Problem is the body of every answer that is no success: RFC 9457's members,
// PostgREST's (code, message, details, hint) and the fields at fault.
type Problem struct {
	Type     string       `json:"type"`
	Title    string       `json:"title"`
	Status   int          `json:"status"`
	Detail   string       `json:"detail,omitempty"`
	Instance string       `json:"instance,omitempty"` // the path that was asked
	Code     string       `json:"code"`
	Message  string       `json:"message"`
	Details  *string      `json:"details"`
	Hint     *string      `json:"hint"`
	Errors   []FieldError `json:"errors,omitempty"`
	Request  string       `json:"request,omitempty"` // the request's id, where the log says more
}

// FieldError is one value of a body that was not accepted.
type FieldError struct {
	Field   string `json:"field"` // "" where the whole record is meant
	Code    string `json:"code"`  // of model.ValueError, or unknown, readonly, unique, reference, check
	Message string `json:"message"`
	Pointer string `json:"pointer,omitempty"` // RFC 6901, into the body
}

// problem is an error that knows its answer.
type problem struct {
	status  int
	code    string
	message string
	details string
	hint    string
	errors  []FieldError
	header  http.Header // further headers of the answer
}

// Error is the message with its details.
func (p *problem) Error() string {
	if p.details == "" {
		return p.message
	}
	return p.message + ": " + p.details
}

// with returns p with a header added.
func (p *problem) with(name, value string) *problem {
	if p.header == nil {
		p.header = http.Header{}
	}
	p.header.Set(name, value)
	return p
}

// body is p as it is sent, for a request to path.
func (p *problem) body(path string) Problem {
	answer := Problem{
		Type: problemBase + strings.ToLower(p.code), Title: title(p.status), Status: p.status,
		Detail: p.Error(), Instance: path, Code: p.code, Message: p.message, Errors: p.errors,
	}
	if p.details != "" {
		answer.Details = &p.details
	}
	if p.hint != "" {
		answer.Hint = &p.hint
	}
	return answer
}

// statusClientGone is what the log says when the client went away before the
// answer; nobody receives it.
const statusClientGone = 499

func title(status int) string {
	if status == statusClientGone {
		return "Client Closed Request"
	}
	return http.StatusText(status)
}

// explain turns any error of a request into the problem that its client sees.
// What is not known is an internal error, of which the client sees nothing.
func (s *Server) explain(method string, err error) *problem {
	var p *problem
	var invalid *query.Error
	var value *model.ValueError
	var violation *store.Violation
	var syntax *syntaxError
	var undefined *store.UndefinedError
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &invalid):
		return explainQuery(invalid)
	case errors.As(err, &syntax):
		return explainSyntax(syntax)
	case errors.As(err, &value):
		return invalidValues([]fieldFault{faultOf(value)})
	case errors.As(err, &violation):
		return explainViolation(method, violation)
	case errors.As(err, &undefined):
		return (&problem{status: http.StatusServiceUnavailable, code: codeOutdated, message: "the database was migrated to other models than this server has", hint: "ask again: a server that has them answers, or this one when it was started anew"}).with("Retry-After", "1")
	case errors.As(err, &large):
		return tooLarge(large.Limit)
	case errors.Is(err, store.ErrNotFound):
		return &problem{status: http.StatusNotFound, code: codeNotFound, message: "no record has this id"}
	case errors.Is(err, store.ErrTooMany):
		return &problem{status: http.StatusBadRequest, code: codeMaxAffected, message: "the change would affect more records than max-affected allows", details: "nothing was changed", hint: "narrow the filter or raise max-affected"}
	case errors.Is(err, store.ErrKeyReused):
		return &problem{status: http.StatusUnprocessableEntity, code: codeIdempotency, message: "this Idempotency-Key was used before with another request", hint: "send a new key with a new request, and the same key only to repeat the same request"}
	case errors.Is(err, store.ErrForbidden):
		return &problem{status: http.StatusForbidden, code: codePrivilege, message: "the database does not let this server do it", hint: "the user in the URL of the server's database lacks a privilege; the server's log says which"}
	case errors.Is(err, store.ErrFull):
		return &problem{status: http.StatusInsufficientStorage, code: codeFull, message: "the database has no space left; nothing was changed"}
	case errors.Is(err, context.Canceled):
		return &problem{status: statusClientGone, code: codeTimeout, message: "the client closed the request"}
	case errors.Is(err, context.DeadlineExceeded):
		return &problem{status: http.StatusGatewayTimeout, code: codeTimeout, message: fmt.Sprintf("the request took longer than the %s allowed", s.settings.RequestTimeout), hint: "ask for less: fewer rows, a filter that an index serves, no count"}
	case errors.Is(err, store.ErrUncertain): // before what it is a sort of, and without Retry-After
		return &problem{status: http.StatusServiceUnavailable, code: codeUncertain, message: "the database went away while the change was being made; whether it was made is not known", hint: "read the record before you send the change again; a POST may be sent again if it has an Idempotency-Key"}
	case errors.Is(err, store.ErrUnavailable):
		return (&problem{status: http.StatusServiceUnavailable, code: codeConnection, message: "the database does not answer; try again"}).with("Retry-After", "1")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &problem{status: http.StatusRequestTimeout, code: codeSlow, message: fmt.Sprintf("the request was not received within %s", s.settings.ReadTimeout)}
	}
	return &problem{status: http.StatusInternalServerError, code: codeInternal, message: "internal error", hint: "the server's log says more under this request's id"}
}

func explainQuery(e *query.Error) *problem {
	p := &problem{status: http.StatusBadRequest, code: e.Code, message: e.Message, details: e.Details, hint: e.Hint}
	if e.Parameter != "" && !strings.Contains(e.Message, e.Parameter) {
		p.message = abbreviate(e.Parameter) + ": " + e.Message
	}
	switch {
	case e.Code == query.CodeRange:
		p.status = http.StatusRequestedRangeNotSatisfiable
	case e.Code == query.CodeLimit && e.Limit == "QueryBytes":
		p.status = http.StatusRequestURITooLong
	}
	return p
}

func explainSyntax(e *syntaxError) *problem {
	if e.empty {
		return &problem{status: http.StatusBadRequest, code: codeBody, message: "the body is empty", details: "expected JSON"}
	}
	p := &problem{
		status: http.StatusBadRequest, code: codeBody, message: "the body is not valid JSON",
		details: fmt.Sprintf("line %d, column %d (byte %d): %s", e.line, e.column, e.offset, e.message),
	}
	if e.pointer != "" {
		p.details += " (in " + abbreviate(e.pointer) + ")"
	}
	return p
}

func tooLarge(limit int64) *problem {
	return (&problem{
		status: http.StatusRequestEntityTooLarge, code: codeTooLarge,
		message: fmt.Sprintf("the body is larger than the %d bytes allowed", limit),
		hint:    "send fewer records at once",
	}).with("Connection", "close")
}

// explainViolation names the fields of a constraint that the database held.
func explainViolation(method string, v *store.Violation) *problem {
	if v.Kind == store.ForeignKeyViolation && method == http.MethodDelete {
		return stillReferred(v)
	}
	p := &problem{status: http.StatusBadRequest}
	var word, what string
	switch v.Kind {
	case store.UniqueViolation:
		p.status, p.code, word, what = http.StatusConflict, codeUnique, "unique", "another record has this value already"
	case store.ForeignKeyViolation:
		p.status, p.code, word, what = http.StatusConflict, codeForeignKey, "reference", "there is no such record to refer to"
	case store.CheckViolation:
		p.code, word, what = codeCheck, "check", "the value is outside of what the model allows"
	case store.NotNullViolation:
		p.code, word, what = codeNotNull, "required", "a value is required"
	case store.RangeViolation:
		p.code, word, what = codeNumeric, "range", "the result leaves the range of the field's type"
	}
	at, record := placeOf(v.Place)
	names := make([]string, 0, len(v.Fields))
	for _, field := range v.Fields {
		fault := FieldError{Field: field.JSONName(), Code: word, Message: what}
		if v.Place != nil {
			fault.Pointer = at + pointer(fault.Field)
		}
		names = append(names, fault.Field)
		p.errors = append(p.errors, fault)
	}
	if v.Kind == store.NotNullViolation && len(names) == 0 {
		what, p.hint = "a value is required of something that this version of the API does not have", "use another version"
	}
	if p.message = what; len(names) > 0 {
		p.message = strings.Join(names, ", ") + record + ": " + what
	}
	return p
}

// placeOf is the JSON Pointer to a record of a body, and the same in words:
// " of items 3 of record 1".
func placeOf(steps []store.Step) (at, record string) {
	for _, step := range steps {
		name := "record"
		if step.Relation != nil {
			name = step.Relation.Name
			at += pointer(name)
		}
		at += "/" + strconv.Itoa(step.Index)
		record = fmt.Sprintf(" of %s %d%s", name, step.Index, record)
	}
	return at, record
}

// stillReferred is the problem of a deletion that other records forbid.
func stillReferred(v *store.Violation) *problem {
	p := &problem{
		status: http.StatusConflict, code: codeForeignKey, message: "other records still refer to this one",
		hint: "delete them or let them refer to another record first",
	}
	for _, field := range v.Fields {
		p.details = "by " + field.JSONName() + " of " + field.Owner.Resource()
	}
	return p
}

// fieldFault is a FieldError with the SQLSTATE that tells its sort.
type fieldFault struct {
	FieldError
	state  string
	record string // " of record 3" where the body has several
}

// faultOf says what is wrong with a field's value.
func faultOf(e *model.ValueError) fieldFault {
	return fieldFault{
		FieldError: FieldError{Field: e.Field.JSONName(), Code: e.Code, Message: e.Message},
		state:      stateOf(e.Code),
	}
}

// stateOf is the SQLSTATE of a model.ValueError's code.
func stateOf(code string) string {
	switch code {
	case "required":
		return codeNotNull
	case "min", "max", "minLength", "maxLength", "pattern":
		return codeCheck
	case "range", "scale":
		return codeNumeric
	}
	return codeValue
}

// invalidValues is the problem of values that were not accepted, all of them.
func invalidValues(faults []fieldFault) *problem {
	const named = 3
	p := &problem{status: http.StatusBadRequest, code: faults[0].state}
	sentences := make([]string, 0, named)
	for i, fault := range faults {
		if i < named {
			sentences = append(sentences, strings.TrimSpace(fault.Field+fault.record)+": "+fault.Message)
		}
		p.errors = append(p.errors, fault.FieldError)
	}
	p.message = strings.Join(sentences, "; ")
	if more := len(faults) - named; more > 0 {
		p.message += fmt.Sprintf("; and %d more", more)
	}
	return p
}
