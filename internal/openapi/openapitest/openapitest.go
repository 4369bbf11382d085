// Package openapitest holds real requests and answers against an OpenAPI
// document, for the tests of packages that serve what the document says.
package openapitest

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/errors"
)

// Contract is a document that is valid OpenAPI.
type Contract struct {
	validator validator.Validator
}

// Load reads a document. It ends the test if the document does not keep the
// schema of the OpenAPI version that it names.
func Load(t testing.TB, document []byte) *Contract {
	t.Helper()
	parsed, err := libopenapi.NewDocument(document)
	if err != nil {
		t.Fatalf("read the OpenAPI document: %v", err)
	}
	v, faults := validator.NewValidator(parsed)
	if len(faults) > 0 {
		t.Fatalf("build the OpenAPI model: %v", faults)
	}
	t.Cleanup(v.Release)
	if valid, faults := v.ValidateDocument(); !valid {
		t.Fatalf("the OpenAPI document is not valid:\n%s", listed(faults))
	}
	return &Contract{validator: v}
}

// Check fails the test unless the answer to a request is one that the document
// describes, and, where the answer is a success, the request too. The bodies
// are what was sent and received; the request's and response's own are not
// read. A path that the document does not have must be answered by 404. An
// answer to select= has other members than the document can say, and one to
// return=minimal has no body where others have one, so neither is looked at.
func (c *Contract) Check(t testing.TB, request *http.Request, requestBody []byte, response *http.Response, responseBody []byte) {
	t.Helper()
	for _, fault := range c.Faults(request, requestBody, response, responseBody) {
		t.Errorf("%s %s → %d is not as documented: %s", request.Method, request.URL.RequestURI(), response.StatusCode, fault)
	}
}

// Faults is what Check would say.
func (c *Contract) Faults(request *http.Request, requestBody []byte, response *http.Response, responseBody []byte) []string {
	request = request.Clone(request.Context())
	request.Body = io.NopCloser(bytes.NewReader(requestBody))
	received := *response
	received.Body = io.NopCloser(bytes.NewReader(responseBody))
	if response.StatusCode == http.StatusNotFound && mediaType(response) == "application/problem+json" && !c.documented(request) {
		return nil
	}
	var faults []string
	if response.StatusCode < http.StatusBadRequest {
		_, found := c.validator.ValidateHttpRequestSync(request)
		faults = append(faults, messages(found)...)
		request.Body = io.NopCloser(bytes.NewReader(requestBody))
	}
	withoutBody := response.StatusCode == http.StatusCreated && len(responseBody) == 0 && mediaType(response) == ""
	partial := response.StatusCode < http.StatusBadRequest && request.URL.Query().Has("select")
	if withoutBody || partial {
		return faults
	}
	_, found := c.validator.ValidateHttpResponse(request, &received)
	return append(faults, messages(found)...)
}

// documented reports whether the document has the request's path.
func (c *Contract) documented(request *http.Request) bool {
	_, faults := c.validator.ValidateHttpRequestSync(request.Clone(request.Context()))
	for _, fault := range faults {
		if fault.IsPathMissingError() {
			return false
		}
	}
	return true
}

// Transport is an http.RoundTripper that checks every exchange on its way
// through next.
func (c *Contract) Transport(t testing.TB, next http.RoundTripper) http.RoundTripper {
	return transport{contract: c, t: t, next: next}
}

type transport struct {
	contract *Contract
	t        testing.TB
	next     http.RoundTripper
}

// RoundTrip sends the request and checks it and its answer.
func (c transport) RoundTrip(request *http.Request) (*http.Response, error) {
	var sent []byte
	if request.Body != nil {
		var err error
		if sent, err = io.ReadAll(request.Body); err != nil {
			return nil, err
		}
		_ = request.Body.Close()
		request = request.Clone(request.Context())
		request.Body = io.NopCloser(bytes.NewReader(sent))
	}
	response, err := c.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	received, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(received))
	c.contract.Check(c.t, request, sent, response, received)
	return response, nil
}

func mediaType(response *http.Response) string {
	media, _, _ := strings.Cut(response.Header.Get("Content-Type"), ";")
	return media
}

func messages(faults []*errors.ValidationError) []string {
	texts := make([]string, len(faults))
	for i, fault := range faults {
		texts[i] = fault.Error()
		for _, cause := range fault.SchemaValidationErrors {
			texts[i] += "; " + cause.Reason
		}
	}
	return texts
}

func listed(faults []*errors.ValidationError) string { return strings.Join(messages(faults), "\n") }
