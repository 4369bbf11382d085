package module

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/evanw/esbuild/pkg/api"
)

// script is a module with everything it imports, as one JavaScript text.
type script struct {
	entry    string
	code     string
	preamble string   // what the code of every script begins with: the bundler's own functions
	exported []string // names in the order of the module, as far as its text shows them
	files    []string
	modified time.Time

	// places bundles once more, for what says which place of the files a place
	// of the code comes from: only a failure asks for it.
	places func() *lineMap
}

// globalName is the variable of the script that holds the module's exports.
const globalName = "larderModule"

// extensions are the endings of modules.
func extensions() []string { return []string{".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".cjs"} }

// loaders tell how a file is read; any other is no module.
func loaders() map[string]api.Loader {
	return map[string]api.Loader{
		".ts": api.LoaderTS, ".mts": api.LoaderTS, ".cts": api.LoaderTS, ".tsx": api.LoaderTSX,
		".js": api.LoaderJS, ".mjs": api.LoaderJS, ".cjs": api.LoaderJS, ".json": api.LoaderJSON,
	}
}

// bundle makes one script of the module and what it imports from the folder.
func bundle(folder, entry string, limits Limits) (*script, error) {
	root, real, err := open(folder)
	if err != nil {
		return nil, err
	}
	defer root.Close() //nolint:errcheck // it was only read from
	inside, err := enter(root, entry)
	if err != nil {
		return nil, err
	}
	result, files := build(root, real, inside, limits, api.SourceMapNone)
	if len(result.Errors) > 0 {
		return nil, explain(result.Errors)
	}
	return &script{
		entry: entry, code: string(result.OutputFiles[0].Contents), preamble: preamble(real),
		exported: exportedNames(files.read[filepath.ToSlash(inside)]), files: slices.Sorted(maps.Keys(files.read)), modified: files.modified,
		places: func() *lineMap { return places(folder, inside, limits) },
	}, nil
}

// build bundles the file at the path inside of the root.
func build(root *os.Root, real, inside string, limits Limits, mapping api.SourceMap) (api.BuildResult, *reader) {
	files := &reader{root: root, folder: real, left: limits.Sources, limit: limits.Sources, read: map[string]string{}}
	options := buildOptions(real)
	options.EntryPoints, options.Plugins = []string{filepath.Join(real, inside)}, []api.Plugin{files.plugin()}
	options.Sourcemap, options.SourcesContent = mapping, api.SourcesContentExclude
	return api.Build(options), files
}

// buildOptions are those of every script.
func buildOptions(folder string) api.BuildOptions {
	return api.BuildOptions{
		AbsWorkingDir: folder, Outfile: filepath.Join(folder, "bundle.js"),
		Bundle: true, Format: api.FormatIIFE, GlobalName: globalName, Platform: api.PlatformNeutral,
		// Packages of the folder say where their modules are in one of these.
		MainFields: []string{"module", "main"}, Target: api.ES2022, Charset: api.CharsetUTF8,
		LegalComments: api.LegalCommentsNone, LogLevel: api.LogLevelSilent, Write: false,
	}
}

// places maps the code of a module to its files; where those can no longer be
// read it knows no places.
func places(folder, inside string, limits Limits) *lineMap {
	root, real, err := open(folder)
	if err != nil {
		return &lineMap{}
	}
	defer root.Close() //nolint:errcheck // it was only read from
	result, _ := build(root, real, inside, limits, api.SourceMapExternal)
	for _, file := range result.OutputFiles {
		if strings.HasSuffix(file.Path, ".map") {
			return newLineMap(file.Contents)
		}
	}
	return &lineMap{}
}

// preamble is what comes before the first statement of a module in a script.
func preamble(folder string) string {
	options := buildOptions(folder)
	options.Stdin = &api.StdinOptions{Contents: "export const x = []", Sourcefile: "x"}
	for _, file := range api.Build(options).OutputFiles {
		before, _, _ := strings.Cut(string(file.Contents), "  // x\n")
		return before
	}
	return ""
}

// reader gives esbuild the files of the folder and no others.
type reader struct {
	root   *os.Root
	folder string // its real path
	limit  int64

	mutex    sync.Mutex // esbuild loads several files at a time
	left     int64
	read     map[string]string // the texts of the files
	modified time.Time
}

// delegated marks a resolution that the plugin itself asked esbuild for.
type delegated struct{}

// plugin has the say in what is imported: esbuild resolves a path as TypeScript
// would, but a file outside of the folder is refused, and what is loaded is
// read through the root, which no link leads out of.
func (r *reader) plugin() api.Plugin {
	return api.Plugin{Name: "larder", Setup: func(build api.PluginBuild) {
		build.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(args api.OnResolveArgs) (api.OnResolveResult, error) {
			if _, ours := args.PluginData.(delegated); ours {
				return api.OnResolveResult{}, nil
			}
			found := build.Resolve(args.Path, api.ResolveOptions{
				Importer: args.Importer, Namespace: args.Namespace, ResolveDir: args.ResolveDir, Kind: args.Kind,
				PluginData: delegated{}, With: args.With,
			})
			if err := r.allow(args, found); err != nil {
				return api.OnResolveResult{}, err
			}
			return api.OnResolveResult{Path: found.Path, Namespace: found.Namespace}, nil
		})
		build.OnLoad(api.OnLoadOptions{Filter: ".*"}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
			text, err := r.load(args)
			if err != nil {
				return api.OnLoadResult{}, err
			}
			return api.OnLoadResult{
				Contents: &text, Loader: loaders()[filepath.Ext(args.Path)], ResolveDir: filepath.Dir(args.Path),
			}, nil
		})
	}}
}

var (
	address = regexp.MustCompile(`^[a-z][a-z0-9+.-]+:`)
	builtIn = regexp.MustCompile(`^(node:.*|assert|buffer|child_process|cluster|console|constants|crypto|dgram|dns|domain|events|` +
		`fs|fs/promises|http|http2|https|inspector|module|net|os|path|perf_hooks|process|punycode|querystring|readline|repl|` +
		`stream|string_decoder|sys|timers|timers/promises|tls|tty|url|util|v8|vm|wasi|worker_threads|zlib)$`)
)

// allow refuses an import that leads out of the folder or nowhere.
func (r *reader) allow(args api.OnResolveArgs, found api.ResolveResult) error {
	relative := strings.HasPrefix(args.Path, ".") || filepath.IsAbs(args.Path)
	switch {
	case len(found.Errors) == 0 && found.Namespace == "file" && !found.External && r.inside(found.Path):
		return nil
	case args.Kind == api.ResolveEntryPoint:
		return fmt.Errorf("%s cannot be read as a module", args.Path)
	case !relative && builtIn.MatchString(args.Path):
		return fmt.Errorf("cannot import %q, a part of Node: a data module is evaluated alone, without network, files and process", args.Path)
	case !relative && address.MatchString(args.Path):
		return fmt.Errorf("cannot import %q: a data module imports only files of the project's folder", args.Path)
	case len(found.Errors) == 0:
		return fmt.Errorf("cannot import %q: it leads out of the project's folder, and a data module imports nothing from outside", args.Path)
	case !relative:
		return fmt.Errorf("cannot import %q: there is no such package in the project's folder; import a file by its path, as in \"./units\"", args.Path)
	}
	return fmt.Errorf("cannot import %q: there is no such file in the project's folder", args.Path)
}

func (r *reader) inside(path string) bool {
	relative, err := filepath.Rel(r.folder, path)
	return err == nil && filepath.IsLocal(relative)
}

// load reads a file of the folder.
func (r *reader) load(args api.OnLoadArgs) (string, error) {
	if args.Namespace != "file" {
		return "", errors.New("cannot import what is not one file: write the whole path of a file of the project's folder")
	}
	relative, err := filepath.Rel(r.folder, args.Path)
	if err != nil || !filepath.IsLocal(relative) {
		return "", fmt.Errorf("cannot import %q: it lies outside of the project's folder", filepath.ToSlash(relative))
	}
	if _, known := loaders()[filepath.Ext(relative)]; !known {
		return "", fmt.Errorf("%s cannot be imported: expected TypeScript, JavaScript or JSON", filepath.ToSlash(relative))
	}
	file, err := r.root.Open(relative)
	if err != nil {
		return "", fmt.Errorf("%s cannot be read: %w", filepath.ToSlash(relative), reason(err))
	}
	defer file.Close() //nolint:errcheck // it was only read
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is no file", filepath.ToSlash(relative))
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	text, err := io.ReadAll(io.LimitReader(file, r.left+1))
	if err != nil {
		return "", fmt.Errorf("%s cannot be read: %w", filepath.ToSlash(relative), reason(err))
	}
	if r.left -= int64(len(text)); r.left < 0 {
		return "", fmt.Errorf("the module's files have more than %d MiB together: use a JSON or NDJSON file for that much data", r.limit>>20)
	}
	if info.ModTime().After(r.modified) {
		r.modified = info.ModTime()
	}
	r.read[filepath.ToSlash(relative)] = string(text)
	return string(text), nil
}

// reason is an error of the file system without the path, which is told apart.
func reason(err error) error {
	var detailed *os.PathError
	if errors.As(err, &detailed) {
		return detailed.Err
	}
	return err
}

// explain makes one sentence of what esbuild found.
func explain(messages []api.Message) error {
	first := messages[0]
	text := strings.TrimSuffix(first.Text, ".")
	if strings.HasPrefix(text, "Top-level await") {
		text = "a data module cannot wait for anything: remove the await, and write the value that it waits for"
	}
	if at := first.Location; at != nil && (at.Namespace == "" || at.Namespace == "file") {
		if !filepath.IsLocal(filepath.FromSlash(at.File)) {
			return errors.New("a file outside of the project's folder that the module refers to cannot be read")
		}
		text = fmt.Sprintf("%s:%d:%d: %s", at.File, at.Line, at.Column+1, text)
	}
	if more := len(messages) - 1; more > 0 {
		text = fmt.Sprintf("%s (and %d more)", text, more)
	}
	return errors.New(text)
}

// exporting recognises an export at the beginning of a text: a declaration, or
// a list in braces.
var exporting = regexp.MustCompile(`^export\s+(?:default\b()|(?:const|let|var|enum)\s+([\w$]+)|\{([^}]*)\})`)

// exportedNames are the names that a module's text exports, in its order. The
// bundle has them by the alphabet; a name that is not found here only comes
// later in the models.
func exportedNames(text string) []string {
	names := []string{}
	for {
		start := strings.Index(text, "export")
		if start < 0 {
			return names
		}
		text = text[start:]
		found := exporting.FindStringSubmatch(text)
		switch {
		case found == nil:
		case found[2] != "":
			names = append(names, found[2])
		case found[3] != "":
			for part := range strings.SplitSeq(found[3], ",") {
				if words := strings.Fields(part); len(words) > 0 {
					names = append(names, words[len(words)-1])
				}
			}
		default:
			names = append(names, "default")
		}
		text = text[len("export"):]
	}
}
