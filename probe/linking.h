// Dynamic linking as a process would meet it that imports torch and then other modules: which file of each library is
// taken and why, and which modules do not load because something is missing. Nothing is loaded.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "probe/describe.h"
#include "probe/library_search.h"
#include "probe/package_files.h"
#include "probe/packages.h"
#include "probe/python.h"
#include "probe/system.h"
#include "probe/version.h"

namespace diffcheck {

struct LinkDefectFacts {
  Fact<std::string> kind;
  Fact<std::string> name;
  Fact<std::string> library;
  Fact<std::string> needed_by;

  static void describe(auto& self, auto&& visit) {
    visit("kind", self.kind, "missing-library, missing-version or missing-symbol.");
    visit("name", self.name, "The library, version or symbol that is not there.");
    visit("library", self.library, "File that should have the version or symbol; absent for a missing library.");
    visit("needed_by", self.needed_by, "File that asks for it.");
  }
  friend bool operator==(const LinkDefectFacts&, const LinkDefectFacts&) = default;
};

struct LoadedLibraryFacts {
  Fact<std::string> soname;
  Fact<std::string> path;
  Fact<std::string> found_by;
  Fact<std::string> needed_by;
  Fact<Version> version;
  Fact<std::string> package;
  Fact<std::string> shadowed;
  Fact<std::string> shadowed_package;
  Fact<Version> shadowed_version;

  static void describe(auto& self, auto&& visit) {
    visit("soname", self.soname, "Name by which it is asked for.");
    visit("path", self.path, "The file that is taken.");
    visit("found_by", self.found_by, "path, rpath, ld-library-path, runpath, ld-cache or system-folder.");
    visit("needed_by", self.needed_by, "File that asks for it first.");
    visit("version", self.version, "Its version, from its package or its file name.");
    visit("package", self.package, "Package that owns it; absent for a library of the system.");
    visit("shadowed", self.shadowed, "A package's file of that name that is not taken; absent when there is none.");
    visit("shadowed_package", self.shadowed_package, "Package that owns that file.");
    visit("shadowed_version", self.shadowed_version, "Version of that package.");
  }
  friend bool operator==(const LoadedLibraryFacts&, const LoadedLibraryFacts&) = default;
};

struct LinkingFacts {
  Fact<std::string> interpreter;
  Fact<bool> torch_loads;
  std::vector<LinkDefectFacts> torch_defects;
  Fact<Version> glibcxx;
  Fact<Version> cxxabi;
  std::vector<LoadedLibraryFacts> libraries;

  static void describe(auto& self, auto&& visit) {
    visit("interpreter", self.interpreter, "Dynamic linker that the Python program names.");
    visit("torch_loads", self.torch_loads, "All shared libraries that `import torch` needs are found and fit.");
    visit("torch_defects", self.torch_defects, "What is missing for `import torch`.");
    visit("glibcxx", self.glibcxx, "Newest GLIBCXX version of the libstdc++ in that process.");
    visit("cxxabi", self.cxxabi, "Newest CXXABI version of that libstdc++.");
    visit("libraries", self.libraries,
          "GPU libraries and libstdc++ that `import torch` maps; those that they load later, where it is not the file "
          "beside them.");
  }
  friend bool operator==(const LinkingFacts&, const LinkingFacts&) = default;
};

struct ModuleLinking {
  Fact<bool> loads;
  std::vector<LinkDefectFacts> defects;
};

struct LinkingProbe {
  LinkingFacts facts;
  /// By path, of those files that Python imports.
  std::map<std::string, ModuleLinking> modules;
};

/// `objects` holds what was read of the packages' files already.
LinkingProbe probe_linking(const System& system, const PythonFacts& python, const Packages& packages,
                           const NativeFiles& files, LinkObjects& objects);

}  // namespace diffcheck
