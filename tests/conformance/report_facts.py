"""From a report as people file it to what diffcheck is asked: a snapshot of what the report tells, and a request.

Nothing is added that the report does not tell. `static_check.facts` names, in a reader's words, what a look at the
machine would have shown; those with a value in them count as told.
"""
import re

VENDORS = [("amd", r"\bamd\b|radeon|instinct|gfx"), ("apple", r"apple|\bmps\b|\bm[1-4]\b"), ("ascend", "ascend|npu"),
           ("intel", r"intel|\barc "), ("moore-threads", "moore|mtt"),
           ("nvidia", r"nvidia|geforce|rtx|gtx|tesla|quadro|\b[ahblvt]\d{1,3}s?\b|gb10|jetson|blackwell|hopper|ampere")]
DTYPES = {"bfloat16": "bf16", "bf16": "bf16", "float16": "fp16", "fp16": "fp16", "half": "fp16", "float32": "fp32"}
# Which of a family people mean who name only the family.
PLAIN_MODELS = {"wan": "wan2.1-t2v-14b", "wan2.1": "wan2.1-t2v-14b", "wan2.2": "wan2.2-t2v-a14b", "flux.1": "flux.1-dev",
                "flux": "flux.1-dev", "cogvideox": "cogvideox-5b", "latentsync": "latentsync-1.5", "hunyuan": "hunyuanvideo",
                "ltx-2": "ltx-2-19b", "sdxl": "sdxl-base"}
# The C library of the distributions that reports name, as each ships it.
GLIBC = {"centos 7": "2.17", "rhel 7": "2.17", "centos 8": "2.28", "rhel 8": "2.28", "rhel 9": "2.34", "ubuntu 18.04": "2.27",
         "ubuntu 20.04": "2.31", "ubuntu 22.04": "2.35", "ubuntu 24.04": "2.39", "debian 10": "2.28", "debian 11": "2.31",
         "debian 12": "2.36", "amazon linux 2023": "2.34", "opensuse leap 15.5": "2.31"}
# Programs of which a wrapper of the same name is another program, with models and kernels of its own.
WITH_WRAPPERS = ("comfyui",)
VERSION = r"\d+(?:\.\d+)+(?:(?:a|b|rc|\.?dev|\.?post)\d+)*(?:\+[\w.]+)?"


def known(value):
    return {"value": value, "source": "the report"}


def absent():
    return {"value": None, "source": "the report"}


def vendor_of(name):
    return next((vendor for vendor, words in VENDORS if re.search(words, name.lower())), None)


def untold():
    return {"unknown": "the report does not tell it", "source": "the report"}


def canonical(name):
    return re.sub("[-_.]+", "-", name.lower())


class Report:
    """The snapshot and the request of one case."""

    def __init__(self, case, models, engines):
        self.case = case
        self.models = models
        self.engines = engines
        self.snapshot = {"schema": "diffcheck/snapshot/1", "gpus": [], "packages": {}, "os": {}, "env": {}}
        self.options = []
        self.environment()
        for told in case["static_check"]["facts"]:
            self.told(told)
        self.workload()

    # ---- what the machine is

    def environment(self):
        environment = self.case["environment"]
        self.os(environment.get("os", ""))
        for gpu in environment.get("gpus", []):
            if "commenter" not in gpu.get("name", ""):  # another machine
                self.gpu(gpu)
        if self.snapshot["gpus"]:
            self.snapshot["complete"] = {"gpus": known(True)}
        packages = dict(environment.get("packages", {}))
        for name, text in self.case.get("collect_env_facts", {}).items():
            if re.match(VERSION + r"(?=[ (]|$)", str(text)) and name not in ("python", "tool", "cuda_cudnn"):
                packages.setdefault(name, str(text))
        for name, text in packages.items():
            self.package(name, str(text))
        if driver := re.findall(r"\d+\.\d+(?:\.\d+)?|\b\d{3}\b", environment.get("driver", "")):
            # Windows spells 441.66 as 26.21.14.4166 and people then add the short form.
            self.driver(driver[-1])
        if python := re.match(r"\d+\.\d+(\.\d+)?", environment.get("python", "")):
            self.snapshot["python"] = {"version": known(python.group(0))}
        if environment.get("container"):
            self.container(environment["container"])
        for name, value in environment.get("env", {}).items():
            self.snapshot["env"][name] = known(str(value))
        self.cuda(environment.get("cuda_runtime", ""))

    def os(self, text):
        lower = text.lower()
        facts = self.snapshot["os"]
        if "windows" in lower and "wsl" not in lower:
            facts["name"] = known("windows")
        elif "macos" in lower:
            facts["name"] = known("macos")
        elif re.search("linux|ubuntu|debian|centos|rhel|suse|wsl|nixos", lower):
            facts["name"] = known("linux")
            facts["wsl"] = known("wsl" in lower)
        if kernel := re.search(r"\d+\.\d+\.\d+-[\w.-]*microsoft[\w-]*", text, re.I):
            facts["kernel"] = known(kernel.group(0))
        if glibc := re.search(r"glibc ?(\d+\.\d+)", lower):
            facts["glibc"] = known(glibc.group(1))
        elif distribution := next((name for name in GLIBC if name in lower), None):
            facts["glibc"] = known(GLIBC[distribution])
        if machine := re.search("aarch64|arm64|x86_64", lower):
            facts["machine"] = known(machine.group(0).replace("arm64", "aarch64"))

    def container(self, text):
        """Images for NVIDIA and AMD GPUs are of Linux."""
        facts = self.snapshot.setdefault("container", {})
        facts["inside"] = known(True)
        self.snapshot["os"].setdefault("name", known("linux"))
        if shm := re.search(r"--shm-size[ =](\d+)g", text.lower()):
            self.snapshot.setdefault("limits", {})["shm_total_bytes"] = known(int(shm.group(1)) * 2**30)
        if cuda := re.search(r"nvidia/cuda:(\d+\.\d+)", text) or re.search(r"\bcu(\d{2}\d)\b", text):
            version = cuda.group(1)
            facts["image_cuda_version"] = known(version if "." in version else f"{version[:2]}.{version[2:]}")

    def gpu(self, gpu):
        name = gpu.get("name", "")
        if not name:
            if "memory_gib" in gpu or "count" in gpu:
                facts = {"memory": {"total_bytes": known(int(gpu["memory_gib"] * 2**30))}} if "memory_gib" in gpu else {}
                self.snapshot["gpus"] += [facts] * gpu.get("count", 1)
            return
        facts = {"name": known(name)}
        vendor = vendor_of(name)
        if vendor:
            facts["vendor"] = known(vendor)
        arches = {m.group(1) for text in self.case.get("arch", []) if (m := re.search(r"sm_(\d{2,3})", text))}
        if vendor == "nvidia" and len(arches) == 1:
            arch = arches.pop()
            facts["compute_capability"] = known(f"{arch[:-1]}.{arch[-1]}")
        if gpu.get("memory_gib"):
            facts["memory"] = {"total_bytes": known(int(gpu["memory_gib"] * 2**30))}
        self.snapshot["gpus"] += [facts] * gpu.get("count", 1)

    def package(self, name, text):
        name = canonical(name)
        if name == "nccl":
            if found := re.match(r"\d+(\.\d+)+", text):
                self.snapshot.setdefault("cuda", {})["nccl_version"] = known(found.group(0))
            return
        if text in ("absent", "not installed"):
            self.snapshot["packages"][name] = {"version": absent()}
        elif built := re.match(r"built for (\d+\.\d+\.\d+)", text):  # what such a wheel declares
            self.snapshot["packages"][name] = {"version": untold(), "requires_dist": known([f"torch=={built.group(1)}"])}
        elif found := re.match(VERSION + r"(?=[ (+-]|$)", text):  # of a range its first
            version = found.group(0)
            if name == "torch" and "+" not in version:
                if label := re.search(r"\bcu(\d{2})(\d)\b", text):
                    version += "+cu" + label.group(1) + label.group(2)
            facts = {"version": known(version)}
            if name == "torch" and ("no cuda" in text.lower() or version.endswith("+cpu")):
                facts["cuda"] = facts["hip"] = absent()
            self.snapshot["packages"].setdefault(name, facts)

    def driver(self, version):
        self.snapshot.setdefault("drivers", {}).setdefault("nvidia", {}).setdefault("version", known(version))

    def driver_cuda(self, version):
        self.snapshot.setdefault("drivers", {}).setdefault("nvidia", {}).setdefault("cuda_version", known(version))

    def cuda(self, text):
        """What torch was built for, unless it is said to be the driver's."""
        found = re.match(r"\d+\.\d+", text)
        if not found:
            return
        if "driver" in text:
            self.driver_cuda(found.group(0))
        elif self.case["environment"].get("container") and "torch" not in self.snapshot["packages"]:
            self.snapshot["container"].setdefault("image_cuda_version", known(found.group(0)))
        elif "torch" in self.snapshot["packages"]:
            torch = self.snapshot["packages"]["torch"]
            if torch["version"].get("value") and "+" not in torch["version"]["value"]:
                torch.setdefault("cuda", known(found.group(0)))
        else:
            library = {"name": known("cudart"), "version": known(found.group(0))}
            self.snapshot.setdefault("cuda", {})["libraries"] = [library]

    def healthy(self):
        """The same GPUs and system with software that is known to run on them; None where no such is known."""
        capabilities = {re.sub(r"\D", "", text) for text in self.case.get("arch", []) if "sm_" in text}
        names = [gpu.get("name", {}).get("value", "") for gpu in self.snapshot["gpus"]]
        if not names or not all(names) or len(capabilities) != 1 or any(vendor_of(name) != "nvidia" for name in names):
            return None
        old = int(capabilities.pop()) < 75
        facts = {"torch": "2.9.1+cu126" if old else "2.9.1+cu128", "torchvision": "0.24.1", "numpy": "2.2.6"}
        facts["triton-windows" if self.snapshot["os"].get("name") == known("windows") else "triton"] = "3.5.1"
        return {"schema": "diffcheck/snapshot/1", "gpus": self.snapshot["gpus"], "complete": self.snapshot["complete"],
                "os": {"name": self.snapshot["os"].get("name", known("linux")), "wsl": known(False), "glibc": known("2.39")},
                "packages": {name: {"version": known(version)} for name, version in facts.items()},
                "drivers": {"nvidia": {"version": known("580.95.05")}}}

    # ---- what a reader says a look would have shown

    def each_gpu(self, **facts):
        if not self.snapshot["gpus"]:
            self.snapshot["gpus"] = [{"vendor": known("nvidia")}]
            self.snapshot["complete"] = {"gpus": known(True)}
        for gpu in self.snapshot["gpus"]:
            for name, value in facts.items():
                gpu.setdefault(name, value if isinstance(value, dict) else known(value))

    def told(self, text):
        lower = text.lower()
        if found := re.fullmatch(r"compute capability (?:< )?(\d+\.\d)", lower):
            capability = found.group(1)
            if "<" in lower:
                capability = {"8.0": "7.5", "8.9": "8.6", "7.5": "7.0", "9.0": "8.9"}.get(capability, capability)
            self.each_gpu(compute_capability=capability, vendor="nvidia")
        elif found := re.fullmatch(r"gfx[0-9a-f]+", lower):
            self.each_gpu(gfx_target=lower, vendor="amd")
        elif "backend mps" in lower:
            self.each_gpu(vendor="apple")
        elif lower.startswith("os windows"):
            self.snapshot["os"]["name"] = known("windows")
        elif "wsl2" in lower and "world" not in lower:
            self.snapshot["os"].update({"name": known("linux"), "wsl": known(True)})
        elif found := re.match(r"glibc (<)? ?(\d)\.(\d+)", lower):
            self.snapshot["os"]["name"] = known("linux")
            minor = int(found.group(3)) - (4 if found.group(1) else 0)
            self.snapshot["os"].setdefault("glibc", known(f"{found.group(2)}.{minor}"))
        elif found := re.match(r"driver (?:branch )?(\d{3}[\d.]*)", lower):
            self.driver(found.group(1))
        elif found := re.match(r"driver cuda version (\d+\.\d+)", lower):
            self.driver_cuda(found.group(1))
        elif found := re.search(r"(ulysses|ring)(?:\*ring)?(?: degree)? > 1", lower):
            self.option("--" + found.group(1), 2)
        elif re.match(r"torch \+cpu", lower):
            self.package("torch", "2.5.1+cpu")
            if "nvidia gpu present" in self.case["static_check"]["facts"]:
                self.each_gpu(vendor="nvidia")
        elif found := re.match(r"torch cuda (\d+)\.x", lower):
            torch = self.snapshot["packages"].setdefault("torch", {"version": known("2.4.1")})
            torch.setdefault("cuda", known(found.group(1) + ".1"))
        elif found := re.match(r"triton absent", lower):
            self.package("triton", "absent")
            self.package("triton-windows", "absent")
        elif found := re.match(r"([\w-]+) (?:not installed|not importable|absent)$", lower):
            # Nothing by that name can be imported, under whichever name it is installed.
            for name in (found.group(1), *(["flash-attn-3", "flashattn-hopper"] if "flash" in found.group(1) else [])):
                self.package(name, "absent")
        elif (found := re.fullmatch(r"([a-z][\w-]*)(?: wheel)? (?:version|wheel tag|torch tag)", lower)) and \
                found.group(1) not in ("driver", "engine", "nccl", "rocm", "gcc", "image", "diffusers"):
            # It is installed, and a look would have told which; the report does not.
            self.snapshot["packages"].setdefault(canonical(found.group(1)),
                                                 {"version": untold(), "location": known("the report")})
        elif "tegra" in lower:
            self.snapshot["os"].setdefault("kernel", known(self.kernel() or "tegra"))
        elif re.match("torch\\.compile on", lower):
            self.option("--compile", "on")
        elif "fabricmanager service inactive" in lower:
            self.each_gpu(health={"fabric_state": known("not-started")})
        elif "libcuda.so.1 missing" in lower:
            self.snapshot.setdefault("drivers", {}).setdefault("nvidia", {})["libcuda_path"] = absent()
        elif "gpus-per-task=1" in lower:
            self.snapshot["env"]["SLURM_GPUS_PER_TASK"] = known("1")
        elif found := re.match(r"image cuda (\d+\.\d+)", lower):
            self.snapshot.setdefault("container", {})["image_cuda_version"] = known(found.group(1))
        elif found := re.match(r"([a-z][\w-]*) (?:wheel )?(?:>= ?\d|\d[\d.]*-\d)", lower):
            self.snapshot["packages"].setdefault(canonical(found.group(1)),  # one of a range, and not told which
                                                 {"version": untold(), "location": known("the report")})
        elif found := re.match(r"([a-z][\w-]*) (?:wheel )?(?:tag )?(?:<=)? ?v?(\d+\.\d[\w.]*)", lower):
            if found.group(1) not in ("cuda", "vram", "compute", "glibc", "platform"):
                self.package(found.group(1).replace("_", "-"), text[found.start(2):].split(" ")[0])
        elif found := re.match(r"torch < (\d+)\.(\d+)", lower):
            self.package("torch", f"{found.group(1)}.{int(found.group(2)) - 1}.0")

    def kernel(self):
        """Of a platform as Python prints it: "Linux-5.10.216-tegra-aarch64-with-glibc2.29"."""
        platform = self.case.get("collect_env_facts", {}).get("python_platform", "")
        found = re.match(r"Linux-(.*?)-(?:x86_64|aarch64)", platform)
        return found.group(1) if found else None

    # ---- what was asked for

    def option(self, name, value):
        if name not in self.options:
            self.options += [name, str(value)]

    def workload(self):
        workload = self.case["workload"]
        if engine := self.engine_of(workload.get("engine", "")):
            self.option("--engine", engine)
        if model := self.model_of(workload.get("model", "")):
            self.option("--model", model)
            if size := re.fullmatch(r"(\d+)x(\d+)", workload.get("resolution", "")):
                self.option("--size", size.group(0))
            if workload.get("frames"):
                self.option("--frames", workload["frames"])
        dtype = str(workload.get("dtype", "")).lower()
        if dtype in DTYPES:
            self.option("--dtype", DTYPES[dtype])
        flags = " ".join(workload.get("flags", [])).lower()
        if re.search("bnb[-_]?4bit|nf4", workload.get("model", "").lower()):
            self.option("--quant", "nf4")
            self.option("--pin", "text_quantization=nf4")
        if "fp8" in dtype or "fp8" in flags or "fp8" in workload.get("model", ""):
            self.option("--quant", "fp8")
        if "torch.compile" in flags:
            self.option("--compile", "on")
        if "tiling" in flags:
            self.option("--vae-tiling", "on")
        if offload := re.search(r"(sequential)_cpu_offload|offload_(model)[ =]true", flags):
            self.option("--offload", offload.group(1) or offload.group(2))
        self.attention(workload.get("attention", "").lower())
        self.layout(workload.get("layout", "").lower())
        if workload.get("world_size"):
            self.option("--gpus", workload["world_size"])

    def attention(self, text):
        words = [("sliding|none|torch|pytorch", None), ("xformers", "xformers"), ("fa3|flash-attn 3", "flash-attn-3"),
                 ("flash", "flash-attn-2"), ("sage.*1\\.0|sageattention 1", "sage-1"), ("sage", "sage-2"),
                 ("flex", "flex"), ("cudnn", "sdpa-cudnn")]
        for pattern, kernel in words:
            if text and re.search(pattern, text):
                if kernel:
                    self.option("--attention", kernel)
                return

    def layout(self, text):
        for axis, pattern in (("--ulysses", r"(?:ulysses|usp)(?:_size|_degree)?[ =](\d+)"), ("--ring", r"ring[ =](\d+)"),
                              ("--tensor", r"tp ?=? ?(\d+)"), ("--cfg-parallel", r"cfg (\d+)")):
            if found := re.search(pattern, text):
                self.option(axis, found.group(1))

    def engine_of(self, name):
        lower = re.sub("[ _]", "-", name.lower())
        if lower.startswith(WITH_WRAPPERS) and not re.fullmatch(r"comfyui(-\(.*\)|-desktop|-portable)?", lower):
            return None
        for engine in sorted(self.engines, key=len, reverse=True):
            if lower == engine or lower.startswith(engine + "-") or re.search(rf"(^|[/-]){re.escape(engine)}($|[/-])", lower):
                return engine
        if lower.startswith("diffsynth"):
            return "diffsynth"
        return None

    def model_of(self, name):
        folded = re.sub("[ _-]", "", name.lower())
        if not folded:
            return None
        if folded in self.models:
            return self.models[folded]
        if name.lower() in PLAIN_MODELS:
            return PLAIN_MODELS[name.lower()]
        fits = [model for known_name, model in self.models.items() if folded.startswith(known_name)]
        return max(fits, key=len) if fits else None
