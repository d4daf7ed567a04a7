;; A core module that is neither a component nor a preview1 program: it imports from "env", as Emscripten's output does.
(module
  (import "env" "log" (func $log (param i32)))
  (func (export "main") (call $log (i32.const 1))))
