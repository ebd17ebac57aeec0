# kwq_assets(out_variable): the pages that the binary carries, as one generated C++ file.
# - openapi.json comes from openapi/kwq.yaml,
# - ui/ from web/ui, built by npm and Vite (KWQ_UI=off, or no npm: a page that says so),
# - sign-in/ from web/sign-in, as it is,
# - swagger/ from web/swagger and, when there is an npm that can fetch it, swagger-ui-dist; without,
#   the page says why it is not there.
find_package(Python3 COMPONENTS Interpreter REQUIRED)
option(KWQ_UI "build the admin UI into the server (wants Node and npm)" ON)

function(kwq_assets out_variable)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/assets)
  file(MAKE_DIRECTORY ${folder})

  set(yaml ${CMAKE_SOURCE_DIR}/openapi/kwq.yaml)
  set(json ${folder}/openapi.json)
  set(to_json ${CMAKE_SOURCE_DIR}/cmake/openapi_to_json.py)
  add_custom_command(OUTPUT ${json} DEPENDS ${yaml} ${to_json} VERBATIM
    COMMAND ${Python3_EXECUTABLE} ${to_json} ${yaml} ${json})

  set(ui_source ${CMAKE_SOURCE_DIR}/web/ui)
  file(GLOB_RECURSE ui CONFIGURE_DEPENDS ${ui_source}/src/* ${ui_source}/public/*)
  foreach(name package.json package-lock.json .npmrc index.html absent.html tsconfig.json vite.config.ts compress.mjs)
    list(APPEND ui ${ui_source}/${name})
  endforeach()
  set(ui_stamp ${folder}/ui.stamp)
  set(build_ui ${CMAKE_SOURCE_DIR}/cmake/build_ui.cmake)
  add_custom_command(OUTPUT ${ui_stamp} DEPENDS ${ui} ${build_ui} VERBATIM COMMENT "Building the admin UI"
    COMMAND ${CMAKE_COMMAND} -DMODE=${KWQ_UI} -DSOURCE=${ui_source} -DWORK=${folder}/ui_work -DOUT=${folder}/ui
            -DSTAMP=${ui_stamp} -P ${build_ui})
  file(GLOB swagger CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/web/swagger/*)

  set(swagger_stamp ${folder}/swagger.stamp)
  set(fetch ${CMAKE_SOURCE_DIR}/cmake/fetch_swagger.cmake)
  add_custom_command(OUTPUT ${swagger_stamp} DEPENDS ${swagger} ${fetch} VERBATIM
    COMMAND ${CMAKE_COMMAND} -DSOURCE=${CMAKE_SOURCE_DIR}/web/swagger -DWORK=${folder}
            -DSTAMP=${swagger_stamp} -P ${fetch})

  set(sign_in ${CMAKE_SOURCE_DIR}/web/sign-in)
  set(embedded ${folder}/embedded_files.cpp)
  set(embed ${CMAKE_SOURCE_DIR}/cmake/embed_assets.py)
  add_custom_command(OUTPUT ${embedded} VERBATIM
    DEPENDS ${embed} ${json} ${sign_in}/page.html ${sign_in}/sign-in.css ${ui_stamp} ${swagger_stamp}
    COMMAND ${Python3_EXECUTABLE} ${embed} ${embedded}
            openapi.json=${json} sign-in/page.html=${sign_in}/page.html
            sign-in/sign-in.css=${sign_in}/sign-in.css ui/=${folder}/ui swagger/=${folder}/swagger)
  # The compiler does not see what .incbin reads.
  set_source_files_properties(${embedded} PROPERTIES OBJECT_DEPENDS
    "${json};${sign_in}/page.html;${sign_in}/sign-in.css;${ui_stamp};${swagger_stamp}")
  set(${out_variable} ${embedded} PARENT_SCOPE)
endfunction()
