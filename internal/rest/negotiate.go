package rest

import (
	"net/http"
	"strconv"
	"strings"
)

// The media types that are read or answered.
const (
	mediaJSON       = "application/json"
	mediaArray      = "application/vnd.pgrst.array+json"
	mediaSingular   = "application/vnd.pgrst.object+json"
	mediaMergePatch = "application/merge-patch+json"
	mediaJSONPatch  = "application/json-patch+json"
	mediaProblem    = "application/problem+json"
)

// accepted is what the Accept header settles.
type accepted struct {
	singular bool   // the one row itself instead of an array of rows
	version  string // of the media type's version parameter; "" when not given
}

// mediaRange is one element of an Accept header.
type mediaRange struct {
	media, version string
	nulls          bool // nulls=stripped, which is not served
	weight         int  // the q-value in thousandths
}

// accept reads the Accept header (RFC 9110 section 12.5.1). The error is the
// 406 problem that names what could be had.
func accept(r *http.Request) (accepted, error) {
	values := r.Header["Accept"]
	if len(values) == 0 || len(values) == 1 && (values[0] == "*/*" || values[0] == mediaJSON || values[0] == "") {
		return accepted{}, nil
	}
	var best accepted
	weight := 0
	for _, value := range values {
		for element := range strings.SplitSeq(value, ",") {
			candidate, ok := parseMediaRange(element)
			if !ok || candidate.nulls || candidate.weight <= weight {
				continue
			}
			switch candidate.media {
			case "*/*", "application/*", mediaJSON, mediaArray:
				best, weight = accepted{version: candidate.version}, candidate.weight
			case mediaSingular:
				best, weight = accepted{singular: true, version: candidate.version}, candidate.weight
			}
		}
	}
	if weight == 0 {
		return accepted{}, notAcceptable(values, mediaJSON+" or "+mediaSingular)
	}
	return best, nil
}

// acceptOnly is nil when the Accept header lets an answer be of the media type,
// else the 406 problem.
func acceptOnly(r *http.Request, media string) error {
	values := r.Header["Accept"]
	if len(values) == 0 || values[0] == "" {
		return nil
	}
	family, _, _ := strings.Cut(media, "/")
	for _, value := range values {
		for element := range strings.SplitSeq(value, ",") {
			candidate, ok := parseMediaRange(element)
			if ok && candidate.weight > 0 && (candidate.media == media || candidate.media == family+"/*" || candidate.media == "*/*") {
				return nil
			}
		}
	}
	return notAcceptable(values, media)
}

func notAcceptable(came []string, media string) error {
	return &problem{
		status: http.StatusNotAcceptable, code: codeMedia,
		message: "none of the media types in Accept can be served",
		details: "came " + abbreviate(strings.Join(came, ", ")),
		hint:    "ask for " + media,
	}
}

func parseMediaRange(element string) (mediaRange, bool) {
	media, parameters, _ := strings.Cut(element, ";")
	result := mediaRange{media: strings.ToLower(strings.TrimSpace(media)), weight: 1000}
	for parameters != "" {
		var parameter string
		parameter, parameters, _ = strings.Cut(parameters, ";")
		name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		value = strings.Trim(value, `"`)
		switch strings.ToLower(name) {
		case "q":
			weight, err := strconv.ParseFloat(value, 64)
			if err != nil || weight < 0 || weight > 1 {
				return result, false
			}
			result.weight = int(weight * 1000)
		case "version":
			result.version = value
		case "nulls":
			result.nulls = true
		case "charset":
			if !strings.EqualFold(value, "utf-8") {
				return result, false
			}
		}
	}
	return result, true
}

// The content codings of answers.
const (
	codingGzip = "gzip"
	codingZstd = "zstd"
)

// acceptCoding picks the content coding of an answer from Accept-Encoding (RFC
// 9110 section 12.5.3): the one with the higher weight, zstd when they are
// alike, "" when neither is wanted.
func acceptCoding(values []string) string {
	gzip, zstd, other := -1, -1, -1
	for _, value := range values {
		for element := range strings.SplitSeq(value, ",") {
			coding, ok := parseMediaRange(element)
			if !ok {
				continue
			}
			switch coding.media {
			case codingGzip, "x-gzip":
				gzip = coding.weight
			case codingZstd:
				zstd = coding.weight
			case "*":
				other = coding.weight
			}
		}
	}
	if gzip < 0 {
		gzip = other
	}
	if zstd < 0 {
		zstd = other
	}
	switch {
	case zstd > 0 && zstd >= gzip:
		return codingZstd
	case gzip > 0:
		return codingGzip
	}
	return ""
}

// contentType settles what a request's body is: one of the allowed media types
// in UTF-8. A body without Content-Type is taken as the first of them. The
// error is the 415 problem.
func contentType(r *http.Request, allowed ...string) (string, error) {
	values := r.Header["Content-Type"]
	if len(values) == 0 || values[0] == "" {
		return allowed[0], nil
	}
	came := values[0]
	media, parameters, _ := strings.Cut(came, ";")
	media = strings.ToLower(strings.TrimSpace(media))
	if media == mediaArray || media == mediaSingular {
		media = mediaJSON
	}
	for _, candidate := range allowed {
		if media != candidate {
			continue
		}
		for parameter := range strings.SplitSeq(parameters, ";") {
			name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
			value = strings.Trim(value, `"`)
			if strings.EqualFold(name, "charset") && !strings.EqualFold(value, "utf-8") && !strings.EqualFold(value, "us-ascii") {
				return "", unsupportedMedia("the charset "+abbreviate(value)+" is not supported", "send the body in UTF-8", allowed)
			}
		}
		return candidate, nil
	}
	return "", unsupportedMedia("a body of the type "+abbreviate(came)+" is not supported here",
		"send "+strings.Join(allowed, " or ")+" and say so in Content-Type", allowed)
}

func unsupportedMedia(message, hint string, allowed []string) error {
	return (&problem{
		status: http.StatusUnsupportedMediaType, code: codeContentType, message: message, hint: hint,
	}).with("Accept", strings.Join(allowed, ", "))
}
